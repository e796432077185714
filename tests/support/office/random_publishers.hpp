#pragma once
// Phones and a program that publish dialogs and appearances of extensions (RFC 3903).
#include <optional>

#include "support/office/office.hpp"

namespace lampline::test {

class RandomPublishers {
public:
    explicit RandomPublishers(Office& office) : office_{office} {}

    /// Somebody publishes something, changes it, refreshes it, or withdraws it.
    void act();
    /// What a phone says of itself it takes with it.
    void leaves(const Phone& phone);
    /// It has begun anew where the Call-ID of its REGISTER is another.
    void registers(const Phone& phone);
    /// Something expires within this second or the next: over a restart that is kept in whole ones.
    [[nodiscard]] bool is_about_to_expire() const;

    /// What is shown of an extension by what is published of it: Call-ID, state, `held`.
    [[nodiscard]] std::multiset<std::string> dialogs_of(const std::string& number) const;
    /// What is published of the appearances of a line: words of its own, by index.
    [[nodiscard]] std::map<unsigned, std::string> words_of(const std::string& number) const;
    /// The appearances of a line that are published to be claimed.
    [[nodiscard]] std::set<unsigned> seizures_of(const std::string& number) const;
    void check(const LiveView& view) const;
    /// What of them the exchange knows from now on.
    void storage_lost(const Kept& left);

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Dialog {
        std::string call_id, state;
        bool held = false;
        bool ours = false;  ///< the exchange knows of it itself
    };
    struct Publication {
        std::string etag;
        Phone* by = nullptr;
        std::string about;
        std::string event = "dialog";
        Time until;
        std::string registration;               // Call-ID, of its phone that speaks of itself
        std::map<std::string, Dialog> dialogs;  // by element
        std::map<unsigned, std::string> words;  // of the other two, by index
    };
    void begins();
    void changes(Publication& publication);
    void publishes_before_it_calls();
    void changes_appearance(Publication& publication);
    void forgets();
    void sends(Publication& publication, Publishing publishing);
    [[nodiscard]] static std::string text_of(const std::string& about, const std::string& id,
                                             const Dialog& dialog, const std::string& state);
    [[nodiscard]] Dialog some_dialog(const std::string& about);
    void forget_expired();

    Office& office_;
    std::vector<Publication> publications_;
    std::optional<Publication> gone_;  // of which the exchange knows no more
    int last_ = 0;
};

}  // namespace lampline::test
