#include "core/others_refusal.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

BestResponse refusal(unsigned status, std::vector<Header> headers)
{
    return {status,
            "Theirs",
            std::make_shared<const Payload>(Payload{{}, {}, std::move(headers)}),
            {},
            {}};
}

}  // namespace

TEST_CASE("503 of others becomes 500, with its cause and nothing about when to try again")
{
    const auto told = told_as_ours(
        refusal(503, {{"retry-after", "300"}, {"Warning", "399 x \"y\""}}), "Phone Not Available");
    CHECK(told.status == 500);
    CHECK(told.phrase == "Phone Not Available");
    REQUIRE(told.payload->headers.size() == 2);
    CHECK(told.payload->headers[0].name == "Warning");
    CHECK(told.payload->headers[1].value == "SIP;cause=503;text=\"Service Unavailable\"");
    CHECK(told_as_ours({503, {}, nullptr, {}, {}}, "x").payload->headers.size() == 1);
    const auto known = told_as_ours(refusal(503, {{"Reason", "Q.850;cause=42"}}), "x");
    REQUIRE(known.payload->headers.size() == 1);
    CHECK(known.payload->headers[0].value == "Q.850;cause=42");
}

TEST_CASE("Retry-After stays where it is about whom was called")
{
    for (const unsigned status : {480U, 486U, 600U}) {
        const auto told = told_as_ours(refusal(status, {{"Retry-After", "30"}}), "x");
        CHECK(told.status == status);
        CHECK(told.phrase == "Theirs");
        CHECK(told.payload->headers.size() == 1);
    }
    for (const unsigned status : {404U, 500U, 504U, 603U}) {
        const auto told = told_as_ours(refusal(status, {{"Retry-After", "30"}}), "x");
        CHECK(told.status == status);
        CHECK(told.payload->headers.empty());
    }
    CHECK_FALSE(told_as_ours({404, {}, nullptr, {}, {}}, "x").payload);
}
