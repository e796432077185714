#include "engine/instant_messages.hpp"

#include "core/extension_uri.hpp"
#include "core/others_refusal.hpp"

namespace lampline {
namespace {

/// What the sender is told of a phone's refusal. Its challenge is not for the sender; and silence
/// is not 408, which must not answer such a request (RFC 4320 §4.2).
BestResponse shown_to_sender(const StandaloneAnswered& answer)
{
    if (answer.generated) return {480, "Phone Does Not Answer", nullptr, {}};
    const bool not_for_sender = answer.status < 400 || answer.status == 401 ||
                                answer.status == 407 || answer.status == 408 ||
                                answer.status == 503;
    if (not_for_sender) return {480, "Temporarily Unavailable", answer.payload, {}};
    return told_as_ours({answer.status, answer.phrase, answer.payload, {}}, {});
}

}  // namespace

InstantMessages::InstantMessages(MessageSettings settings, TokenSource tokens,
                                 const LocationTable& locations,
                                 IdSource<ClientTransactionId>& transactions,
                                 DirectoryRef directory)
    : settings_{settings}, tokens_{std::move(tokens)}, locations_{locations},
      transactions_{transactions}, directory_{std::move(directory)}
{
}

void InstantMessages::refuse(const MessageReceived& message, unsigned status, std::string phrase,
                             std::string_view warning, Outbox& outbox)
{
    ++counters_.refused;
    Reply reply{.transaction = message.transaction, .status = status, .phrase = std::move(phrase)};
    if (!warning.empty())
        reply.headers.push_back(
            {"Warning", "399 " + directory_->domain() + " \"" + std::string{warning} + '"'});
    if (status == 503) reply.headers.push_back({"Retry-After", "5"});
    outbox.send(std::move(reply));
}

void InstantMessages::receive(const MessageReceived& message, Outbox& outbox)
{
    const auto number = extension_of(message.request_uri);
    const auto* extension = directory_->find(number);
    if (!extension)
        return refuse(message, 404, "No Such Extension",
                      "messages go to extensions, by their number", outbox);
    if (message.payload && message.payload->body.size() > settings_.max_bytes)
        return refuse(message, 413, {}, "at most " + std::to_string(settings_.max_bytes) + " bytes",
                      outbox);
    if (branches_.size() >= settings_.max_under_way) return refuse(message, 503, {}, {}, outbox);
    const PhoneAddress own{message.source, {}, message.authenticated};
    const auto targets = locations_.targets(number, &own);
    if (targets.empty())
        return refuse(message, 480, "No Phone Registered",
                      "nobody keeps the message: send it again later", outbox);

    const auto* sender = directory_->find(message.authenticated);
    NameAddr from{message.parties.from.display_name,
                  extension_uri(message.authenticated, directory_->domain())};
    if (sender && !sender->display_name.empty()) from.display_name = sender->display_name;
    auto fork = std::make_shared<Fork>();
    fork->request = message.transaction;
    fork->branches = targets.size();
    for (const auto* binding : targets) {
        const auto transaction = transactions_.next();
        branches_[transaction] = fork;
        outbox.send(SendStandalone{
            .transaction = transaction,
            .method = Method::message,
            .target = target_of(*binding),
            .from = from,
            .to = {extension->display_name, extension_uri(number, directory_->domain())},
            .local_tag = tokens_(),
            .call_id = tokens_(),
            .max_forwards = message.max_forwards > 0 ? message.max_forwards - 1 : 0,
            .patience = settings_.patience,
            .payload = message.payload});
    }
}

bool InstantMessages::receive(const StandaloneAnswered& answer, Outbox& outbox)
{
    const auto branch = branches_.extract(answer.transaction);
    if (!branch) return false;
    auto& fork = *branch.mapped();
    --fork.branches;
    if (fork.answered) return true;
    if (answer.status / 100 == 2) {
        fork.best = {answer.status, answer.phrase, answer.payload, {}};
        ++counters_.accepted;
    } else {
        auto shown = shown_to_sender(answer);
        if (better_response(shown.status, fork.best.status)) fork.best = std::move(shown);
        if (fork.branches > 0) return true;
        ++counters_.refused;
    }
    fork.answered = true;
    outbox.send(Reply{.transaction = fork.request,
                      .status = fork.best.status,
                      .phrase = fork.best.phrase,
                      .payload = fork.best.payload});
    return true;
}

}  // namespace lampline
