// How NOTIFYs reach the phones of the busy hour, and what those answer.
#include <algorithm>
#include <utility>

#include "support/hour/watching_phones.hpp"

namespace lampline::test {

void WatchingPhones::meet_network(const std::shared_ptr<UnderWay>& under_way)
{
    const auto die = calm_ ? 1000 : chance_.below(1000);
    auto& one = *under_way;
    bool arrives = die >= 20;
    auto arrives_after = some(1, 10);
    if (one.screen->replaced) {  // what the phone knows no more
        arrives = false;
        one.status = 481;
    } else if (die < 5) {  // it is lost, or only its answer is
        arrives = die < 2;
        one.status = 408;
        one.generated = true;
    } else if (die < 11) {
        one.status = die < 8 ? 500 : 503;
        if (die % 2 == 0) one.retry_after = std::chrono::seconds{1 + chance_.below(5)};
    } else if (die < 12) {
        one.status = chance_.one_in(2) ? 481 : 489;
    } else if (die < 20) {  // late
        arrives = true;
        arrives_after = some(100, 2000);
    }
    const auto at = exchange_.now() + arrives_after;
    const auto answered_at = one.generated ? exchange_.now() + 32s : at + some(1, 10);
    if (arrives) {
        exchange_.network.add(at, [under_way] { arrive(*under_way); });
        if (!calm_ && chance_.one_in(50)) {
            ++done["repeated"];
            exchange_.network.add(at + some(1, 3000), [under_way] { arrive(*under_way); });
        }
    }
    if (one.status != 200) ++done["answered " + std::to_string(one.status)];
    exchange_.network.add(answered_at, [this, under_way] { answer(*under_way); });
}

void WatchingPhones::arrive(const UnderWay& under_way)
{
    auto& screen = *under_way.screen;
    if (under_way.cseq <= screen.seen) return;  // a repetition, or overtaken
    screen.seen = under_way.cseq;
    if (under_way.whole)
        std::erase_if(screen.shown, [&](const auto& one) {
            return std::ranges::count(under_way.parts, one.first, &Part::member) == 0;
        });
    for (const auto& part : under_way.parts) {
        if (part.gone)
            screen.shown.erase(part.member);
        else if (part.document)
            screen.shown[part.member] = part.document;
    }
}

void WatchingPhones::answer(const UnderWay& under_way)
{
    if (!under_way.awaited) return;
    auto& screen = *under_way.screen;
    const bool accepted = under_way.status == 200;
    for (auto& [member, told] : screen.told) {
        if (!accepted) told.certain = false;
        if (told.in == under_way.cseq) told.certain = accepted;
        if (!accepted) told.in = 0;  // an answer that is still to come settles nothing
    }
    if (under_way.status == 481 || under_way.status == 489) lose(screen);
    const NotifyAnswered answer{.subscription = under_way.subscription,
                                .cseq = under_way.cseq,
                                .status = under_way.status,
                                .retry_after = under_way.retry_after,
                                .generated = under_way.generated};
    exchange_.receive(answer);
    if (!calm_ && chance_.one_in(50)) exchange_.receive(answer);  // twice: it must not matter
}

/// The phone knows no more of it, and asks anew once its user misses it.
void WatchingPhones::lose(Screen& screen)
{
    if (std::exchange(screen.over, true) || screen.replaced) return;
    auto& watcher = *screen.watcher;
    watcher.asked.erase(screen.resource);
    exchange_.hands.add(exchange_.now() + some(100, 5000),
                        [this, &watcher, resource = screen.resource] {
                            if (watcher.registered && !watcher.asked.contains(resource))
                                subscribes(watcher, resource);
                        });
}

}  // namespace lampline::test
