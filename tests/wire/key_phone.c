/* A phone on libre that tells its keys by the key press event package (RFC 4730). Lines on its input are what its user does:
   `call NUMBER`, `press KEYS`, `hold KEY`, `hang up`; on its output it says what came of it.
   Usage: key_phone NUMBER SECRET DOMAIN URI-OF-THE-SERVER */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <re.h>

enum { watch_seconds = 7200 };

static const char *number, *secret, *domain, *server;
static struct sip *sip;
static struct sipsess_sock *sessions;
static struct sipsess *call;
static struct sip_auth *credentials;
static struct sip_lsnr *requests;
static char watched[4096]; /* document of the last SUBSCRIBE; empty: nobody watches the keys */
static unsigned version;   /* of our SDP */

static void say(const char *text)
{
    puts(text);
    fflush(stdout);
}

static int authenticate(char **username, char **password, const char *realm, void *arg)
{
    int err = str_dup(username, number);
    (void)realm;
    (void)arg;
    return err ? err : str_dup(password, secret);
}

/* Media go the way that `offer` asks for; NULL: both ways. */
static struct mbuf *description(const struct sip_msg *offer)
{
    struct mbuf *text = mbuf_alloc(256);
    const bool silent = offer && !re_regex((const char *)mbuf_buf(offer->mb), mbuf_get_left(offer->mb), "a=inactive");
    if (text &&
        !mbuf_printf(text,
                     "v=0\r\no=phone 1 %u IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                     "m=audio 40000 RTP/AVP 8\r\na=%s\r\n",
                     ++version, silent ? "inactive" : "sendrecv"))
        text->pos = 0;
    return text;
}

static int add_contact(enum sip_transp transport, const struct sa *source, const struct sa *to, struct mbuf *text, void *arg)
{
    struct sip_contact contact;
    (void)to;
    (void)arg;
    sip_contact_set(&contact, number, source, transport);
    return mbuf_printf(text, "%H", sip_contact_print, &contact);
}

static void notified(int err, const struct sip_msg *answer, void *arg)
{
    (void)arg;
    if (err || !answer)
        say("NOTIFY lost");
    else if (answer->scode >= 200)
        printf("NOTIFY %u\n", answer->scode), fflush(stdout);
}

/* NOTIFY in the dialog of the call (RFC 4730 4.1), with `digits` that matched the pattern of `tag`; NULL: that we watch. */
static void notify(const char *state, const char *digits, const struct pl *tag)
{
    char body[512] = "";
    if (digits)
        re_snprintf(body, sizeof body,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
                    "<kpml-response xmlns=\"urn:ietf:params:xml:ns:kpml-response\" version=\"1.0\" code=\"200\" "
                    "text=\"OK\" digits=\"%s\" tag=\"%r\"/>\r\n",
                    digits, tag);
    if (sip_drequestf(NULL, sip, true, "NOTIFY", sipsess_dialog(call), 0, credentials, add_contact, notified, NULL,
                      "Event: kpml\r\nSubscription-State: %s\r\n%sContent-Length: %zu\r\n\r\n%s", state,
                      digits ? "Content-Type: application/kpml-response+xml\r\n" : "", strlen(body), body))
        say("NOTIFY lost");
}

/* Tells a key where the document asks for one that is held, or for any. */
static void tell_key(char key, bool held)
{
    const char digits[] = {key, '\0'};
    struct pl tag = PL_INIT, pattern = PL_INIT;
    const char *at = watched;
    while (!re_regex(at, strlen(at), "<regex tag=\"[^\"]+\">[^<]+<", &tag, &pattern)) {
        const bool wants_held = pattern.l == 2 && pattern.p[0] == 'L' && pattern.p[1] == key;
        const bool wants_any = pattern.p[0] == '[';
        if (held ? wants_held : wants_any) {
            const bool once = !re_regex(watched, strlen(watched), "persist=\"one-shot\"");
            notify(once ? "terminated;reason=noresource" : "active;expires=7200", digits, &tag);
            if (once) watched[0] = '\0';
            return;
        }
        at = pattern.p + pattern.l;
    }
    say("nobody watches for that key");
}

/* Not by libre's own notifier: to a SUBSCRIBE that asks for other keys it would tell those of before once more. */
static bool on_request(const struct sip_msg *message, void *arg)
{
    struct sip_contact contact;
    const size_t length = mbuf_get_left(message->mb);
    (void)arg;
    if (pl_strcmp(&message->met, "SUBSCRIBE")) return false;
    if (!call || !sip_dialog_cmp(sipsess_dialog(call), message)) {
        (void)sip_reply(sip, message, 481, "Subscription Does Not Exist");
        return true;
    }
    if (!sip_msg_hdr_has_value(message, SIP_HDR_EVENT, "kpml") || length >= sizeof watched) {
        (void)sip_reply(sip, message, 489, "Bad Event");
        return true;
    }
    const bool ends = pl_isset(&message->expires) && pl_u32(&message->expires) == 0;
    memcpy(watched, mbuf_buf(message->mb), ends ? 0 : length);
    watched[ends ? 0 : length] = '\0';
    sip_contact_set(&contact, number, &message->dst, message->tp);
    (void)sip_treplyf(NULL, NULL, sip, message, true, 202, "Accepted", "%HExpires: %u\r\nContent-Length: 0\r\n\r\n",
                      sip_contact_print, &contact, ends ? 0U : (unsigned)watch_seconds);
    notify(ends ? "terminated;reason=timeout" : "active;expires=7200", NULL, NULL);
    say(ends ? "no keys are watched" : strstr(watched, "one-shot") ? "one key is watched" : "all keys are watched");
    return true;
}

/* A re-INVITE, or a 200 with an offer. */
static int on_offer(struct mbuf **answer, const struct sip_msg *message, void *arg)
{
    (void)arg;
    *answer = description(message);
    say(strstr((const char *)mbuf_buf(*answer), "inactive") ? "taken back" : "connected");
    return 0;
}

static int on_answer(const struct sip_msg *message, void *arg)
{
    (void)message;
    (void)arg;
    return 0;
}

static void on_established(const struct sip_msg *message, void *arg)
{
    (void)message;
    (void)arg;
    say("established");
}

static void on_close(int err, const struct sip_msg *message, void *arg)
{
    (void)arg;
    printf("ended %d %u\n", err, message ? message->scode : 0U);
    fflush(stdout);
    call = mem_deref(call);
}

static void dial(const char *to)
{
    char uri[128], from[128];
    const char *routes[] = {server};
    struct mbuf *offer = description(NULL);
    re_snprintf(uri, sizeof uri, "sip:%s@%s", to, domain);
    re_snprintf(from, sizeof from, "sip:%s@%s", number, domain);
    if (sipsess_connect(&call, sessions, uri, NULL, from, number, routes, 1, "application/sdp", offer, authenticate, NULL,
                        false, on_offer, on_answer, NULL, on_established, NULL, NULL, on_close, NULL, NULL))
        say("cannot call");
    mem_deref(offer);
}

static void obey(char *line)
{
    line[strcspn(line, "\r\n")] = '\0';
    if (!strncmp(line, "call ", 5)) {
        dial(line + 5);
    } else if (!call) {
        say("there is no call");
    } else if (!strncmp(line, "press ", 6)) {
        for (const char *key = line + 6; *key; ++key) tell_key(*key, false);
    } else if (!strncmp(line, "hold ", 5)) {
        tell_key(line[5], true);
    } else if (!strcmp(line, "hang up")) {
        call = mem_deref(call);
        say("hung up");
    }
}

static void on_input(int flags, void *arg)
{
    char line[256];
    const ssize_t length = read(STDIN_FILENO, line, sizeof line - 1);
    (void)flags;
    (void)arg;
    if (length <= 0) return re_cancel();
    line[length] = '\0';
    obey(line); /* a terminal gives one line a time */
}

int main(int argc, char **argv)
{
    /* As the phones that this libre is of: it fails at challenges that offer SHA-256 too, which they are spared. */
    static const char name[] = "baresip v1.0.0 (key phone)";
    struct sa here;
    if (argc != 5) return 2;
    number = argv[1];
    secret = argv[2];
    domain = argv[3];
    server = argv[4];
    if (libre_init() || sa_set_str(&here, "127.0.0.1", 0) || sip_alloc(&sip, NULL, 32, 32, 32, name, NULL, NULL) ||
        sip_transp_add(sip, SIP_TRANSP_UDP, &here) || sip_transp_add(sip, SIP_TRANSP_TCP, &here) ||
        sip_auth_alloc(&credentials, authenticate, NULL, false) || sipsess_listen(&sessions, sip, 32, NULL, NULL) ||
        sip_listen(&requests, sip, true, on_request, NULL) || fd_listen(STDIN_FILENO, FD_READ, on_input, NULL))
        return 1;
    say("ready");
    return re_main(NULL);
}
