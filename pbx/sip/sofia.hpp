#pragma once
// The only door to Sofia-SIP: its headers, with our types in its callbacks, and one owner for each
// of its handles.
#include <memory>
#include <string_view>

namespace lampline::sip {
class EventLoop;
class LoopTimer;
class LoopWatch;
class MessageSink;
class DialogUsage;
struct ServerTransaction;
struct ClientTransaction;
class Connections;
}  // namespace lampline::sip

#define SU_ROOT_MAGIC_T lampline::sip::EventLoop
#define SU_TIMER_ARG_T lampline::sip::LoopTimer
#define SU_WAKEUP_ARG_T lampline::sip::LoopWatch
#define NTA_AGENT_MAGIC_T lampline::sip::MessageSink
#define NTA_LEG_MAGIC_T lampline::sip::DialogUsage
#define NTA_INCOMING_MAGIC_T lampline::sip::ServerTransaction
#define NTA_RELIABLE_MAGIC_T lampline::sip::ServerTransaction
#define NTA_OUTGOING_MAGIC_T lampline::sip::ClientTransaction
#define TP_CLIENT_T lampline::sip::Connections
#define TP_MAGIC_T sip_via_t

#include <sofia-sip/su.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_time.h>
#include <sofia-sip/su_uniqueid.h>
#include <sofia-sip/su_wait.h>

#include <sofia-sip/hostdomain.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/tport.h>
#include <sofia-sip/tport_tag.h>
#include <sofia-sip/url.h>

namespace lampline::sip {

/// Gives a handle back with the C function that Sofia has for it.
template <auto release>
struct Release {
    template <class Handle>
    void operator()(Handle* handle) const noexcept
    {
        release(handle);
    }
};

using RootHandle = std::unique_ptr<su_root_t, Release<su_root_destroy>>;
using TimerHandle = std::unique_ptr<su_timer_t, Release<su_timer_destroy>>;
using AgentHandle = std::unique_ptr<nta_agent_t, Release<nta_agent_destroy>>;
using LegHandle = std::unique_ptr<nta_leg_t, Release<nta_leg_destroy>>;
using IncomingHandle = std::unique_ptr<nta_incoming_t, Release<nta_incoming_destroy>>;
using OutgoingHandle = std::unique_ptr<nta_outgoing_t, Release<nta_outgoing_destroy>>;
/// One reference to a message.
using MessageRef = std::unique_ptr<msg_t, Release<msg_destroy>>;
/// One reference to a transport: keeps the object, not the connection, alive.
using TransportRef = std::unique_ptr<tport_t, Release<tport_unref>>;

/// A memory home for the length of one operation; Sofia's homes never shrink.
class Home {
public:
    Home() noexcept { su_home_init(home_); }
    ~Home() { su_home_deinit(home_); }
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;
    operator su_home_t*() noexcept { return home_; }

private:
    su_home_t home_[1] = {SU_HOME_INIT(home_)};
};

/// A body for SIPTAG_PAYLOAD, which copies it; an empty one becomes no tag.
class PayloadTag {
public:
    explicit PayloadTag(std::string_view body) noexcept
    {
        sip_payload_init(payload_);
        payload_->pl_data = const_cast<char*>(body.data());
        payload_->pl_len = static_cast<usize_t>(body.size());
    }
    operator const sip_payload_t*() const noexcept { return payload_->pl_len ? payload_ : nullptr; }

private:
    sip_payload_t payload_[1];
};

/// Sofia takes addresses as text or as parsed URL through one type.
inline const url_string_t* url_text(const char* text) noexcept
{
    return reinterpret_cast<const url_string_t*>(text);
}

}  // namespace lampline::sip
