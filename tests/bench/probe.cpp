#include "bench/probe.hpp"

namespace bench {

bool wait_for_answer(const Server& server, Clock::duration patience)
{
    Loop loop;
    Line line{loop, server, "probe", {}, [&](const SipMessage& message) {
                  if (message.method == "OPTIONS" && message.status >= 200) loop.stop();
              }};
    const auto uri = "sip:" + server.domain;
    const auto call_id = line.next_token();
    const auto give_up = Clock::now() + patience;
    for (std::uint32_t cseq = 1; Clock::now() < give_up; ++cseq) {
        const auto token = line.next_token();
        line.send(line.request({.method = "OPTIONS",
                                .uri = uri,
                                .from = "<sip:probe@" + server.domain + ">;tag=1",
                                .to = "<" + uri + ">",
                                .call_id = call_id,
                                .cseq = cseq,
                                .branch = token})
                      .append(line.contact_header())
                      .append(no_body));
        if (loop.run_for(std::chrono::milliseconds{1})) return true;
    }
    return false;
}

}  // namespace bench
