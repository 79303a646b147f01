#pragma once
#include "compiler/base/error.h"

#include <gmock/gmock.h>

#include <functional>
#include <initializer_list>
#include <string>

namespace quantide {

/** Expects a CompileError of one line that has every one of `fragments` in it. */
inline void expect_error(const std::function<void()> &body, std::initializer_list<std::string> fragments) {
    try {
        body();
        ADD_FAILURE() << "expected an error, found none";
    } catch (const CompileError &error) {
        const std::string message = error.what();
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        for (const std::string &fragment : fragments) {
            EXPECT_THAT(message, testing::HasSubstr(fragment));
        }
    }
}

}  // namespace quantide
