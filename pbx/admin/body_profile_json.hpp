#pragma once
// A body profile as REST and the audit show it.
#include <boost/json/object.hpp>

#include "core/body_profile.hpp"

namespace lampline::admin {

/// Every value of `profile`, under the names of openapi.yaml.
boost::json::object object_of(const BodyProfile& profile);

/// Puts the members of `body`, which fits BodyProfileWrite in openapi.yaml, into `profile`; others
/// stay as they are.
void merge(const boost::json::object& body, BodyProfile& profile);

}  // namespace lampline::admin
