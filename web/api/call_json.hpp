#pragma once
// A call as REST shows it.
#include <boost/json/object.hpp>

#include <string>

#include "core/live_view.hpp"
#include "web/problem.hpp"

namespace lampline::web {

boost::json::object shown(const LiveCall& call);

inline HttpResponse unknown_call(const std::string& id)
{
    return problem(404, "unknown", "there is no call " + id + " now");
}

}  // namespace lampline::web
