#include "engine/route_question.hpp"

namespace lampline {

RouteQuestion question_of_transfer(const Call& call, const Leg& transferee, std::string_view by,
                                   std::string_view number, std::string_view shown,
                                   const PhoneAddress& own)
{
    // A caller of the calling-card application, by the rights of somebody here.
    const bool for_outside = call.transfer && !call.transfer->transferor &&
                             !transferee.on_behalf_of.empty() && by == transferee.on_behalf_of;
    return {.from = by,
            .dialled = number,
            .own = &own,
            .caller = shown,
            .under_way = call.id,
            .party = transferee.extension,
            .for_outside = for_outside,
            .party_outside = !transferee.trunk.empty()};
}

RouteQuestion question_of_click(std::string_view from, const Called& to)
{
    return {.from = from, .dialled = to.number, .contact = to.phone};
}

}  // namespace lampline
