#include "web/api/request.hpp"

namespace lampline::web {

ApiAnswer get_description(const ApiRequest&)
{
    HttpResponse response{200, {}, std::string{description_yaml()}};
    response.fields.add("Content-Type", "application/yaml");
    return {std::move(response)};
}

}  // namespace lampline::web
