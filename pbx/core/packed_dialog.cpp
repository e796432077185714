#include "core/packed_dialog.hpp"

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace lampline {
namespace {

// A length up to here takes one byte.
constexpr unsigned char long_text = 255;

/// Shows `visit` each value of `dialog` but its id, always in the same order.
template <class Dialog, class Visit>
void visit_values(Dialog& dialog, const Visit& visit)
{
    // Named one by one, so that a new member is not forgotten.
    auto& [leg, id, call, status, extension, trunk, on_behalf_of, names, direction, state, ended_by,
           resumed, held, holds, picks_up, untold, discreet, parked, place, local, remote] = dialog;
    static_cast<void>(id);
    visit(leg), visit(call), visit(status), visit(extension), visit(trunk), visit(on_behalf_of);
    auto& [call_id, local_tag, remote_tag] = names;
    visit(call_id), visit(local_tag), visit(remote_tag);
    visit(direction), visit(state), visit(ended_by), visit(resumed), visit(held);
    visit(holds), visit(picks_up), visit(untold), visit(discreet), visit(parked), visit(place);
    const auto visit_uri = [&](auto& uri) {
        auto& [scheme, user, host, port, params] = uri;
        visit(scheme), visit(user), visit(host), visit(port), visit(params);
    };
    for (auto* party : {&local, &remote}) {
        visit(party->identity.display_name);
        visit_uri(party->identity.uri);
        visit_uri(party->target);
    }
}

/// Counts the bytes that Write writes.
struct Measure {
    std::size_t* size;

    void operator()(const std::string& text) const
    {
        *size += text.size() + (text.size() < long_text ? 1 : 1 + sizeof(std::uint32_t));
    }
    template <class Value>
    void operator()(const Value&) const
    {
        *size += sizeof(Value);
    }
};

struct Write {
    std::string* bytes;

    void operator()(const std::string& text) const
    {
        if (text.size() < long_text) {
            *bytes += static_cast<char>(text.size());
        } else {
            *bytes += static_cast<char>(long_text);
            (*this)(static_cast<std::uint32_t>(text.size()));
        }
        *bytes += text;
    }
    template <class Value>
    void operator()(const Value& value) const
    {
        static_assert(std::is_trivially_copyable_v<Value>);
        bytes->append(reinterpret_cast<const char*>(&value), sizeof value);
    }
};

struct Read {
    const char** next;

    void operator()(std::string& text) const
    {
        std::size_t size = static_cast<unsigned char>(*(*next)++);
        if (size == long_text) {
            std::uint32_t length = 0;
            (*this)(length);
            size = length;
        }
        text.assign(*next, size);
        *next += size;
    }
    template <class Value>
    void operator()(Value& value) const
    {
        static_assert(std::is_trivially_copyable_v<Value>);
        std::memcpy(&value, *next, sizeof value);
        *next += sizeof value;
    }
};

}  // namespace

PackedDialog::PackedDialog(const DialogSnapshot& dialog, const std::string& id)
    : leg_{dialog.leg}, state_{dialog.state}
{
    std::size_t size = 0;
    Measure{&size}(id);
    visit_values(dialog, Measure{&size});
    bytes_.reserve(size);
    Write{&bytes_}(id);
    visit_values(dialog, Write{&bytes_});
}

std::string PackedDialog::id() const
{
    std::string id;
    const char* next = bytes_.data();
    Read{&next}(id);
    return id;
}

DialogSnapshot PackedDialog::unpack() const
{
    DialogSnapshot dialog;
    const char* next = bytes_.data();
    Read{&next}(dialog.id);
    visit_values(dialog, Read{&next});
    return dialog;
}

}  // namespace lampline
