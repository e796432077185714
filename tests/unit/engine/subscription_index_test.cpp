#include "engine/subscription_index.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

SubscriptionUsage usage(const std::string& call_id, const std::string& local_tag)
{
    SubscriptionUsage usage;
    usage.watcher = "201";
    usage.member = "207";
    usage.local_tag = local_tag;
    usage.remote_tag = "phone";
    usage.dialog =
        std::make_shared<const NotifyDialog>(NotifyDialog{.call_id = call_id, .event = "dialog"});
    return usage;
}

}  // namespace

TEST_CASE("a subscription is found by its dialog and by the SUBSCRIBE that began it")
{
    SubscriptionIndex<SubscriptionUsage> index;
    auto one = usage("a", "ours");
    auto other = usage("b", "ours");
    index.add(one);
    index.add(other);
    CHECK(index.in_dialog("a", "ours") == &one);
    CHECK(index.in_dialog("b", "ours") == &other);
    CHECK(index.in_dialog("a", "phone") == nullptr);
    CHECK(index.of_origin(usage("a", "another")) == &one);
    CHECK(index.names(usage("b", "another")));
    auto elsewhere = usage("a", "another");
    elsewhere.member = "208";
    CHECK_FALSE(index.names(elsewhere));

    index.remove(one);
    CHECK(index.in_dialog("a", "ours") == nullptr);
    CHECK(index.of_origin(usage("a", "another")) == nullptr);
    CHECK(index.in_dialog("b", "ours") == &other);
}

TEST_CASE(
    "of two subscriptions with the same name the first is found, whatever becomes of the other")
{
    SubscriptionIndex<SubscriptionUsage> index;
    auto first = usage("a", "ours");
    auto second = usage("a", "later");
    index.add(first);
    index.add(second);
    CHECK(index.of_origin(usage("a", "")) == &first);
    index.remove(second);
    CHECK(index.of_origin(usage("a", "")) == &first);
    CHECK(index.in_dialog("a", "later") == nullptr);
}
