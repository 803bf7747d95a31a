// Writes a file as a whole or not at all.
#pragma once

#include <string>

namespace fairlead::cli {

// Gives `path` a new content, beside which no half of it is ever seen: it is written to a file of its own in the same
// folder, then moved. Keeps the permissions of a file that is there already, and follows symbolic links. False where it
// could not be written; then all is as it was.
bool replace_file(const std::string& path, const std::string& text);

}  // namespace fairlead::cli
