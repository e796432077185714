#include "bench/office.hpp"

#include <iomanip>

namespace bench::office {
namespace {

std::vector<std::string> all_extensions()
{
    auto all = everyone();
    for (const auto& more :
         {std::vector<std::string>{std::string{crowded}, std::string{crowd_caller}}, busy_four(),
          busy_callers(), twenty(), twenty_callers()})
        all.insert(all.end(), more.begin(), more.end());
    return all;
}

template <class Write>
std::string list_of(const std::vector<std::string>& items, Write write)
{
    std::string text;
    for (const auto& item : items) text.append(text.empty() ? "" : ",").append(write(item));
    return text;
}

class CurlWriter {
public:
    CurlWriter(std::ostream& out, std::string_view url, std::string_view token)
        : out_{out}, url_{url}, token_{token}
    {
    }

    void put(const std::string& path, const std::string& json)
    {
        if (!first_) out_ << "next\n";
        first_ = false;
        out_ << "url=\"" << url_ << "/api/v1" << path
             << "\"\nrequest=\"PUT\"\nfail\nsilent\nshow-error\n"
             << "output=\"/dev/null\"\nheader=\"Authorization: Bearer " << token_
             << "\"\nheader=\"Content-Type: application/json\"\ndata=" << std::quoted(json) << "\n";
    }

    void put_group(const std::string& name, const std::vector<std::string>& members,
                   const std::vector<std::string>& watchers)
    {
        const auto member = [](const std::string& number) { return '"' + number + '"'; };
        const auto watcher = [](const std::string& number) {
            return R"({"number":")" + number + R"(","unsolicited":false,"profile":"standard"})";
        };
        put("/groups/" + name, R"({"name":")" + name + R"(","display_name":")" + name +
                                   R"(","members":[)" + list_of(members, member) +
                                   R"(],"watchers":[)" + list_of(watchers, watcher) + "]}");
    }

private:
    std::ostream& out_;
    std::string_view url_, token_;
    bool first_ = true;
};

}  // namespace

std::vector<std::string> numbers(int first, int count)
{
    std::vector<std::string> list;
    for (int i = 0; i < count; ++i) list.push_back(std::to_string(first + i));
    return list;
}

std::string secret_of(std::string_view number)
{
    return "secret-of-" + std::string{number};
}

void write_curl(std::ostream& out, std::string_view url, std::string_view token)
{
    CurlWriter curl{out, url, token};
    for (const auto& number : all_extensions())
        curl.put("/extensions/" + number,
                 R"({"number":")" + number + R"(","display_name":"Phone )" + number +
                     R"(","sip_password":")" + secret_of(number) + R"("})");
    curl.put_group("callees", callees(), {std::string{observer}});
    curl.put_group("crowd-1", {std::string{crowded}}, numbers(1000, 500));
    curl.put_group("crowd-2", {std::string{crowded}},
                   numbers(1500, 500));  // 500 is a group's limit
    curl.put_group("busy", busy_four(), busy_watchers());
    curl.put_group("twenty-1", twenty(), numbers(1000, 500));
    curl.put_group("twenty-2", twenty(), numbers(1500, 500));
}

void write_sql(std::ostream& out)
{
    out << "CREATE TABLE secrets (id INTEGER PRIMARY KEY, key_name TEXT, key_type INTEGER DEFAULT "
           "0, "
           "value_type INTEGER DEFAULT 0, key_value TEXT, expires INTEGER DEFAULT 0);\n"
           "INSERT INTO version (table_name, table_version) VALUES ('secrets', 2);\nBEGIN;\n";
    for (const auto& number : all_extensions())
        out << "INSERT INTO secrets (key_name, key_value) VALUES ('" << number << "','"
            << secret_of(number) << "');\n";
    out << "COMMIT;\n";
}

}  // namespace bench::office
