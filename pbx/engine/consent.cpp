#include "engine/consent.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "core/extension_uri.hpp"
#include "core/park_lot.hpp"
#include "engine/group_indications.hpp"

namespace lampline {
namespace {

bool is_open(const Extension* extension)
{
    return !extension || extension->visibility == Visibility::open;
}

}  // namespace

/// A stranger who has somebody's number does not have the office's domain with it (trunk_call).
bool is_withheld(const SipUri& party, const Directory& directory, std::string_view other_host)
{
    const auto plan = phone_context(party);  // of a number in a tel URI
    const auto host = party.scheme == UriScheme::tel
                          ? std::string_view{plan ? *plan : directory.domain()}
                          : std::string_view{party.host};
    const bool here = same_word(host, directory.domain()) ||
                      (!other_host.empty() && same_word(host, other_host));
    return here && !is_open(directory.find(extension_of(party)));
}

bool withholds_party(const DialogSnapshot& dialog, const Directory& directory)
{
    // What a phone publishes may call the office by an address, itself as well.
    const auto& local = dialog.local.identity.uri;
    const bool named_so = extension_of(local) == dialog.extension;
    const std::string_view host = named_so ? std::string_view{local.host} : std::string_view{};
    return is_withheld(dialog.remote.identity.uri, directory, host) ||
           is_withheld(dialog.remote.target, directory, host);
}

bool same_consent(const Directory& before, const Directory& after)
{
    return std::ranges::all_of(after.extensions(), [&](const Extension* extension) {
        return is_open(extension) == is_open(before.find(extension->number));
    });
}

std::vector<std::string> GroupIndications::follow_consent()
{
    std::vector<std::string> changed;
    for (auto& [number, member] : members_) {
        if (is_park_name(number)) continue;  // the call engine announces those
        bool news = false;
        for (auto& dialog : member.state.live()) {
            const bool discreet = withholds_party(dialog, *directory_);
            if (discreet == dialog.discreet) continue;
            dialog.discreet = discreet;
            news = member.state.fold(dialog) || news;
        }
        if (news) changed.push_back(number);
    }
    return changed;
}

}  // namespace lampline
