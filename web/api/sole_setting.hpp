#pragma once
// Answers about a part of the configuration that there is once.
#include "admin/sole_setting.hpp"
#include "web/api/request.hpp"
#include "web/etag.hpp"
#include "web/problem.hpp"

namespace lampline::web {

/// To GET; `shown` makes the body; `live`: what is in it that changes by itself (see etag()).
template <class Content, class Shown>
ApiAnswer answer_with(const ApiRequest& request, const admin::Sole<Content>& setting, Shown shown,
                      std::string_view live = {})
{
    auto response = is_known(request.fields, setting.version, live)
                        ? HttpResponse{304, {}, {}}
                        : json_answer(200, shown(setting));
    response.fields.add("ETag", etag(setting.version, live));
    return {std::move(response)};
}

/// To PUT; `what` names it where it was refused.
template <class Content, class Shown>
ApiAnswer answer_saved(Result<admin::SoleSaved<Content>, admin::Refusal> saved,
                       std::string_view what, Shown shown, std::string_view live = {})
{
    if (!saved) return {refused(saved.error(), what)};
    auto response = json_answer(200, shown(saved->view));
    response.fields.add("ETag", etag(saved->view.version, live));
    return {std::move(response), std::move(saved->change)};
}

}  // namespace lampline::web
