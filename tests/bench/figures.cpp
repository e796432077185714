#include "bench/figures.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>

namespace bench {
namespace {

constexpr double setup_rate = 500;
constexpr std::chrono::seconds patience{10};

struct Pace {
    Loop& loop;
    std::uint64_t next = 0, count;
    std::chrono::duration<double> interval;
    Clock::time_point begin;
    std::function<void(std::uint64_t)> start;
};

void step(const std::shared_ptr<Pace>& pace)
{
    pace->start(pace->next);
    if (++pace->next == pace->count) return;
    const auto due = pace->begin + std::chrono::duration_cast<Clock::duration>(
                                       pace->interval * static_cast<double>(pace->next));
    pace->loop.at(due, [pace] { step(pace); });
}

bool wait_for(Loop& loop, const Batch& batch, std::uint64_t count, const char* what)
{
    loop.run_for(patience + std::chrono::seconds{static_cast<std::int64_t>(
                                static_cast<double>(count) / setup_rate)});
    if (batch.failed() != 0)
        std::cerr << "bench: of " << count << " " << what << batch.outcome() << "\n";
    return batch.failed() == 0;
}

}  // namespace

double quantile(std::vector<double> values, double share)
{
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const auto place = std::ceil(share * static_cast<double>(values.size()));
    return values[static_cast<std::size_t>(std::max(place, 1.0)) - 1];
}

void pace(Loop& loop, std::uint64_t count, double rate, std::function<void(std::uint64_t)> start)
{
    if (count == 0) return;
    auto paced = std::make_shared<Pace>(Pace{
        loop, 0, count, std::chrono::duration<double>{1 / rate}, Clock::now(), std::move(start)});
    loop.at(paced->begin, [paced] { step(paced); });
}

std::uint64_t Batch::failed() const
{
    auto sum = expected_ - finished_;
    for (const auto& [status, count] : failures_) sum += count;
    return sum;
}

std::string Batch::outcome(std::uint64_t more_failures) const
{
    auto text = " failed=" + std::to_string(failed() + more_failures);
    if (failed() != 0) text += " unfinished=" + std::to_string(expected_ - finished_);
    for (const auto& [status, count] : failures_)
        text += " status_" + std::to_string(status) + "=" + std::to_string(count);
    return text;
}

Phones make_phones(Loop& loop, const Server& server, const std::vector<std::string>& numbers)
{
    Phones phones;
    for (const auto& number : numbers)
        phones.push_back(std::make_unique<Phone>(loop, server, number));
    return phones;
}

bool register_all(Loop& loop, const Phones& phones)
{
    Batch batch{loop, phones.size()};
    pace(loop, phones.size(), setup_rate,
         [&](std::uint64_t i) { phones[i]->register_contact(batch.one()); });
    return wait_for(loop, batch, phones.size(), "REGISTERs");
}

bool subscribe_all(Loop& loop, const Phones& watchers, const std::vector<std::string>& members)
{
    const auto count = watchers.size() * members.size();
    Batch batch{loop, count};
    pace(loop, count, setup_rate, [&](std::uint64_t i) {
        watchers[i % watchers.size()]->subscribe(members[i / watchers.size()], batch.one());
    });
    const bool subscribed = wait_for(loop, batch, count, "SUBSCRIBEs");
    loop.run_for(std::chrono::seconds{1});  // the first NOTIFYs
    return subscribed;
}

std::uint64_t repetitions(const Phones& phones)
{
    std::uint64_t sum = 0;
    for (const auto& phone : phones) sum += phone->repetitions();
    return sum;
}

}  // namespace bench
