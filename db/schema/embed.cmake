# Writes OUTPUT, a C++ source with every numbered migration of FOLDER in order.
file(GLOB files ${FOLDER}/[0-9][0-9][0-9]_*.sql)
list(SORT files)
set(rows "")
set(expected 1)
foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME)
    string(SUBSTRING ${name} 0 3 digits)
    math(EXPR number "1${digits} - 1000")
    if(NOT number EQUAL expected)
        message(FATAL_ERROR "migration ${expected} is missing before ${name}")
    endif()
    math(EXPR expected "${expected} + 1")
    file(READ ${file} sql)
    string(APPEND rows "    R\"sql(${sql})sql\",\n")
endforeach()
file(WRITE ${OUTPUT}.new
"#include \"db/migrations.hpp\"

namespace lampline::db {
namespace {

constexpr const char* statements[] = {
${rows}};

}  // namespace

std::span<const char* const> migrations() noexcept
{
    return statements;
}

}  // namespace lampline::db
")
file(COPY_FILE ${OUTPUT}.new ${OUTPUT} ONLY_IF_DIFFERENT)
