#include "web/url.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <boost/url/url_view.hpp>

namespace lampline::web {

std::optional<Url> Url::parse(std::string_view target)
{
    const auto parsed = boost::urls::parse_origin_form(target);
    if (!parsed) return std::nullopt;
    Url url;
    for (const auto& segment : parsed->segments()) url.segments.push_back(segment);
    if (url.segments.empty()) url.segments.emplace_back();  // Boost counts none in `/`
    boost::urls::encoding_opts form;
    form.space_as_plus = true;
    for (const auto& param : parsed->params(form)) url.query.emplace_back(param.key, param.value);
    return url;
}

std::string escaped_segment(std::string_view text)
{
    return boost::urls::encode(text, boost::urls::pchars);
}

}  // namespace lampline::web
