#include "core/feature_code.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

std::optional<DialledFeature> find(std::string_view dialled)
{
    return FeatureCodes{}.find(dialled);
}

}  // namespace

TEST_CASE("a forward's code alone clears, and with a number it sets")
{
    using enum Feature;
    CHECK(find("*21") == DialledFeature{forward_always});
    CHECK_FALSE(find("*21#"));
    CHECK(find("*21*205") == DialledFeature{forward_always, "205"});
    CHECK(find("*67*205") == DialledFeature{forward_busy, "205"});
    CHECK(find("*62*205") == DialledFeature{forward_unregistered, "205"});
    CHECK(find("*21*") == DialledFeature{forward_always, ""});
    CHECK_FALSE(find("*21205"));
}

TEST_CASE("only the forward on no answer takes seconds")
{
    using enum Feature;
    CHECK(find("*61*205*30") == DialledFeature{forward_no_answer, "205", 30});
    CHECK(find("*61*205*3000") == DialledFeature{forward_no_answer, "205*3000"});
    CHECK(find("*61*205*") == DialledFeature{forward_no_answer, "205*"});
    CHECK(find("*21*205*30") == DialledFeature{forward_always, "205*30"});
}

TEST_CASE("the codes of ring groups take one, or mean all; they come before the pickup codes")
{
    using enum Feature;
    CHECK(find("*50") == DialledFeature{log_in});
    CHECK(find("*51") == DialledFeature{log_out});
    CHECK(find("*50*600") == DialledFeature{log_in, "600"});
    CHECK(find("*51*sales") == DialledFeature{log_out, "sales"});
    CHECK(find("*51*") == DialledFeature{log_out, ""});
    CHECK_FALSE(find("*51600"));
    CHECK(confirmation({log_out, "600"}) == "Logged out of 600");
    CHECK(confirmation({log_in}) == "Logged in");
    CHECK(is_about_ring_groups(log_out));
    CHECK_FALSE(is_about_ring_groups(pickup_directed));
    Forwarding wishes;
    apply({log_out}, wishes);
    CHECK(wishes == Forwarding{});
}

TEST_CASE("the codes of exceptions name a caller, and where its calls go on to")
{
    using enum Feature;
    CHECK(find("*23") == DialledFeature{except_caller});
    CHECK(find("*23*204") == DialledFeature{except_caller, "204"});
    CHECK(find("*23*204*205") == DialledFeature{except_caller, "204", {}, "205"});
    CHECK(find("*23*204*") == DialledFeature{except_caller, "204", {}, ""});
    CHECK(find("*23*") == DialledFeature{except_caller, ""});
    CHECK(find("*24*204") == DialledFeature{end_exception, "204"});
    CHECK(find("*24") == DialledFeature{end_exception});
    CHECK_FALSE(find("*23204"));
    CHECK(confirmation({except_caller, "204"}) == "204 rings");
    CHECK(confirmation({except_caller, "204", {}, "205"}) == "204 is sent to 205");
    CHECK(confirmation({end_exception, "204"}) == "204 like all others");
    CHECK(confirmation({except_caller}) == "No exceptions");
}

TEST_CASE("a caller has one exception, which counts before those that are about many")
{
    using enum Feature;
    Forwarding wishes;
    const CallerException prefix{CallerMatch::prefix, "20", CallerTreatment::refuse};
    wishes.exceptions = {prefix, {CallerMatch::number, "204", CallerTreatment::refuse}};
    apply({except_caller, "204"}, wishes);
    CHECK(wishes.exceptions == std::vector<CallerException>{
                                   {CallerMatch::number, "204", CallerTreatment::ring}, prefix});
    apply({except_caller, "203", {}, "205"}, wishes);
    CHECK(wishes.exceptions.size() == 3);
    CHECK(wishes.exceptions[0] ==
          CallerException{CallerMatch::number, "203", CallerTreatment::forward, "205"});
    apply({end_exception, "204"}, wishes);
    apply({end_exception, "20"}, wishes);
    CHECK(wishes.exceptions.size() == 2);
    apply({except_caller}, wishes);
    CHECK(wishes == Forwarding{});
}

TEST_CASE("codes that stand alone take no number, pickup codes take it without a star")
{
    using enum Feature;
    CHECK(find("*78") == DialledFeature{do_not_disturb});
    CHECK(find("*79") == DialledFeature{disturb});
    CHECK_FALSE(find("*78*205"));
    CHECK(find("**205") == DialledFeature{pickup_directed, "205"});
    CHECK(find("**") == DialledFeature{pickup_directed});
    CHECK(find("*8") == DialledFeature{pickup_group});
    CHECK(find("*8205") == DialledFeature{pickup_group, "205"});
    CHECK(find("blfpickup-205") == DialledFeature{pickup_directed, "205"});
    CHECK_FALSE(find("blfpickup-"));
    FeatureCodes none;
    none.set(pickup_directed, "");
    CHECK_FALSE(none.find("blfpickup-205"));
}

TEST_CASE("ordinary numbers are no codes")
{
    for (const auto* dialled : {"", "205", "*", "#", "21*205", "*99"}) CHECK_FALSE(find(dialled));
}

TEST_CASE("the longest code that fits counts, and an empty one is out of use")
{
    FeatureCodes codes;
    codes.set(Feature::disturb, "*87");
    CHECK(codes.find("*87")->feature == Feature::disturb);
    CHECK(codes.find("*88")->feature == Feature::pickup_group);
    codes.set(Feature::pickup_group, "");
    CHECK_FALSE(codes.find("*88"));
    CHECK_FALSE(codes.find(""));
}

TEST_CASE("a code that an office has chosen is taken from the feature that comes with it")
{
    using enum Feature;
    FeatureCodes codes;
    codes.set(log_in, "*23");
    CHECK(codes.find("*23*600") == DialledFeature{log_in, "600"});
    CHECK(codes.code(except_caller).empty());
    codes.set(except_caller, "*25");
    CHECK(codes.find("*25*600") == DialledFeature{except_caller, "600"});
    codes.set(log_out, "");
    CHECK(codes.code(log_in) == "*23");
    CHECK(codes.code(except_caller) == "*25");
}

TEST_CASE("names of features are read back")
{
    for (std::size_t i = 0; i < feature_count; ++i) {
        const auto feature = static_cast<Feature>(i);
        CHECK(feature_named(name(feature)) == feature);
    }
    CHECK_FALSE(feature_named("forward"));
}
