#pragma once
// What a NOTIFY is about, and what it says.
#include <map>
#include <string>

#include "core/sip_command.hpp"

namespace lampline::test {

std::string body_of(const SendNotify& notify);
/// Call-ID and our tag.
std::string dialog_of(const SendNotify& notify);
/// Without parameters.
std::string package_of(const SendNotify& notify);
bool is_list(const SendNotify& notify);
/// It ends the subscription.
bool is_last(const SendNotify& notify);
/// The documents of as-feature-event, by what each is about.
std::map<std::string, std::string> features_in(const std::string& body);
/// Of a reginfo document: URI by id, empty: it is gone.
std::map<std::string, std::string> contacts_in(const std::string& body);
bool is_full_reginfo(const std::string& body);
/// What it says, by part: of each member of a list, of each feature, else of all; without its
/// version.
std::map<std::string, std::string> said_in(const SendNotify& notify);

}  // namespace lampline::test
