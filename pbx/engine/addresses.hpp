#pragma once
// Whose a number, a host or a contact is, and how others see it.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/call.hpp"
#include "core/directory.hpp"
#include "core/location_table.hpp"
#include "core/sip_input.hpp"

namespace lampline {

/// Whom a URI calls.
struct Called {
    std::string number;              ///< as it is dialled; of a phone, that of its extension
    const Binding* phone = nullptr;  ///< just this one, within the present step
    std::string domain{};            ///< of a trunk in proxy mode; empty: it is a number here
};

/// Reads addresses as the directory and the registrations have them at the moment of each question.
/// SIP thread only.
class Addresses {
public:
    /// `hosts`: our own, beside the domain. All three outlive this, and `directory` may be replaced.
    Addresses(const DirectoryRef& directory, const LocationTable& locations,
              const std::vector<std::string>& hosts) noexcept
        : directory_{directory}, locations_{locations}, hosts_{hosts}
    {
    }

    [[nodiscard]] bool is_own_host(std::string_view host) const;
    /// Whether `uri` can be a number of the office: a tel URI, or one of our hosts', and not of another plan.
    [[nodiscard]] bool is_number_here(const SipUri& uri) const;
    /// Whether the phone-context of `uri` is neither our domain or host nor a global prefix (RFC 3966 §5.1.5): its number
    /// is one of somebody else's plan, and nobody here has it. Whatever becomes a number asks this first, but for calls of
    /// trunks, which have names for their own plan, and to emergency numbers.
    [[nodiscard]] bool is_of_other_plan(const SipUri& uri) const;
    /// The phone that `uri` addresses by its contact; nullptr: none. O(1).
    [[nodiscard]] const Binding* addressed_phone(const SipUri& uri) const;
    /// The number that `invite` calls.
    [[nodiscard]] std::string dialled_by(const InviteReceived& invite) const;
    /// Whom `uri` calls; nullopt: nobody whom an INVITE to it would reach here. O(trunks).
    [[nodiscard]] std::optional<Called> called_by(const SipUri& uri) const;
    /// Whom `call` is to reach; nullopt: it was a phone that has left.
    [[nodiscard]] std::optional<Called> called_in(const Call& call) const;

    /// `number` as others see it: the directory's display name, else the phone's own.
    [[nodiscard]] NameAddr party_of(std::string_view number,
                                    std::string_view own_display_name) const;
    /// Empty where the number of somebody outside is somebody's here too: by it nobody is known.
    [[nodiscard]] static std::string number_shown_by(const InviteReceived& input);
    [[nodiscard]] std::string number_shown_by(const Leg& leg) const;
    /// A Warning of ours (RFC 3261 §20.43); what no header line may have is left out of `text`.
    [[nodiscard]] Header warning_of(std::string_view text) const;

private:
    const DirectoryRef& directory_;
    const LocationTable& locations_;
    const std::vector<std::string>& hosts_;
};

}  // namespace lampline
