#pragma once
// Checking a JSON value against a schema of the description (over valijson).
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <memory>
#include <vector>

#include "admin/change.hpp"

namespace valijson {
class Schema;
}

namespace lampline::web {

/// One compiled schema. Copies share it.
class SchemaCheck {
public:
    /// `schema` may refer into the `components` of `document`, but not to itself. @throws
    /// std::runtime_error when it is no schema.
    SchemaCheck(const boost::json::value& schema, const boost::json::object& document);

    /// What is wrong with `value`, a fault per member, in words that say how it should be; empty:
    /// nothing. Codes: type, required, unknown_member, too_short, too_long, too_many, too_few,
    /// too_small, too_big, pattern, not_allowed, invalid.
    [[nodiscard]] std::vector<admin::FieldFault> operator()(const boost::json::value& value) const;

private:
    std::shared_ptr<const valijson::Schema> schema_;
    std::shared_ptr<const boost::json::value> words_;  ///< as described, for what faults say
};

}  // namespace lampline::web
