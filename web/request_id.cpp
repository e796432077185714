#include "web/request_id.hpp"

#include <random>

namespace lampline::web {
namespace {

constexpr std::size_t max_id = 64;

std::string new_request_id()
{
    constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    thread_local std::mt19937_64 random{std::random_device{}()};
    std::string id(16, '\0');
    for (char& c : id) c = alphabet[random() & 31U];
    return id;
}

}  // namespace

std::string request_id_of(const HttpFields& fields)
{
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789._-";
    auto id = fields.find("X-Request-Id");
    if (id && !id->empty() && id->size() <= max_id &&
        id->find_first_not_of(allowed) == std::string::npos)
        return std::move(*id);
    return new_request_id();
}

void stamp(HttpResponse& response, std::string_view request_id)
{
    response.fields.add("X-Request-Id", std::string{request_id});
    // A problem is an object with members, written without blanks, and an id needs no escapes.
    if (response.fields.find("Content-Type") == "application/problem+json")
        response.body.insert(1, "\"instance\":\"" + std::string{request_id} + "\",");
}

}  // namespace lampline::web
