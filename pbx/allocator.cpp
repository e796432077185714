// How jemalloc works in this program: it looks for this variable when it starts (jemalloc(3),
// TUNING).

extern "C" {
/// Memory that is free for a while goes back to the system on a thread of the allocator's own, so
/// that the SIP thread never does it. After three seconds: what a busy exchange frees it needs
/// again sooner than that.
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true,narenas:4,dirty_decay_ms:3000";
}
