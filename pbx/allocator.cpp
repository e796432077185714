// How jemalloc works in this program: it looks for this variable when it starts (jemalloc(3),
// TUNING).

extern "C" {
/// Memory that is free for a while goes back to the system on a thread of the allocator's own, so
/// that the SIP thread never does it. After three seconds: what a busy exchange frees it needs
/// again sooner than that. Messages, and the texts of messages, of which a new call takes some
/// twenty, lie more than two or four together: jemalloc describes each such slab in 128 bytes that
/// it never gives back.
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true,narenas:4,dirty_decay_ms:3000,"
                          "slab_sizes:1024-1024:8|2048-2048:8|3072-3072:9|4096-4096:8";
}
