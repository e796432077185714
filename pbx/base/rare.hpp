#pragma once
// Values that most of their owners never have.
#include <memory>
#include <optional>
#include <utility>

namespace lampline {

/// Like std::optional, but where there is no value it takes no more than a pointer.
template <class T>
class Rare {
public:
    Rare() = default;
    Rare(std::nullopt_t) noexcept {}
    Rare(const Rare& other) : value_{other ? std::make_unique<T>(*other) : nullptr} {}
    Rare(Rare&&) noexcept = default;
    Rare& operator=(Rare&&) noexcept = default;
    ~Rare() = default;
    Rare& operator=(T value)
    {
        value_ = std::make_unique<T>(std::move(value));
        return *this;
    }

    explicit operator bool() const noexcept { return value_ != nullptr; }
    [[nodiscard]] T& operator*() noexcept { return *value_; }
    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] T* operator->() noexcept { return value_.get(); }
    [[nodiscard]] const T* operator->() const noexcept { return value_.get(); }
    void reset() noexcept { value_.reset(); }

private:
    std::unique_ptr<T> value_;
};

}  // namespace lampline
