#include "web/url.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <boost/url/url_view.hpp>

namespace lampline::web {

namespace {

/// Path and query of a target that names the server too, as to a proxy; a user in it is an error
/// (RFC 9110 §4.2.4).
boost::urls::result<boost::urls::url_view> parse_absolute_form(std::string_view target)
{
    auto parsed = boost::urls::parse_absolute_uri(target);
    if (!parsed) return parsed;
    const bool http = parsed->scheme_id() == boost::urls::scheme::http ||
                      parsed->scheme_id() == boost::urls::scheme::https;
    if (!http || parsed->encoded_host().empty() || parsed->has_userinfo())
        return boost::urls::error::not_a_base;
    return parsed;
}

}  // namespace

std::optional<Url> Url::parse(std::string_view target)
{
    const auto parsed = target.starts_with('/') ? boost::urls::parse_origin_form(target)
                                                : parse_absolute_form(target);
    if (!parsed) return std::nullopt;
    Url url;
    for (const auto& segment : parsed->segments()) url.segments.push_back(segment);
    if (url.segments.empty()) url.segments.emplace_back();  // Boost counts none in `/`, or nothing
    boost::urls::encoding_opts form;
    form.space_as_plus = true;
    for (const auto& param : parsed->params(form))
        if (!param.key.empty() || param.has_value)  // there is nothing behind `?`, or between `&&`
            url.query.emplace_back(param.key, param.value);
    return url;
}

std::string escaped_segment(std::string_view text)
{
    return boost::urls::encode(text, boost::urls::pchars);
}

}  // namespace lampline::web
