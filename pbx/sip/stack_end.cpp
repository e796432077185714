#include "sip/stack_end.hpp"

#include "sip/sofia.hpp"

namespace lampline::sip {

void prepare_stack_end() noexcept
{
    su_random();  // makes the key
}

}  // namespace lampline::sip
