#include "compiler/driver/output_files.h"

#include "compiler/base/error.h"
#include "compiler/base/file.h"

#include <filesystem>

namespace quantide {

namespace {

namespace fs = std::filesystem;

/** New folders, which go away with the object unless they are kept. */
class Undo {
public:
    Undo() = default;
    Undo(const Undo &) = delete;
    Undo &operator=(const Undo &) = delete;
    ~Undo() {
        for (size_t i = made_.size(); i-- > 0;) {
            std::error_code ignored;
            fs::remove(made_[i], ignored);
        }
    }

    void add(const fs::path &path) { made_.push_back(path); }
    void keep() { made_.clear(); }

private:
    std::vector<fs::path> made_;
};

void make_folder(const fs::path &folder, Undo &undo) {
    if (folder.empty() || fs::is_directory(folder)) {
        return;
    }
    make_folder(folder.parent_path(), undo);
    std::error_code error;
    const bool made = fs::create_directory(folder, error);
    user_check(!error, "{}: cannot make this folder: {}", folder.string(), error.message());
    if (made) {
        undo.add(folder);
    }
}

}  // namespace

void write_files(const std::string &folder, const OutputFiles &files) {
    Undo undo;
    std::vector<StagedFile> staged;
    for (const auto &[name, content] : files) {
        const fs::path path = fs::path(folder) / name;
        make_folder(path.parent_path(), undo);
        const std::string_view bytes = content;
        staged.emplace_back(path.string(), std::span(&bytes, 1));
    }
    // Everything is on the disk: only names change now.
    for (StagedFile &file : staged) {
        file.commit();
    }
    undo.keep();
}

}  // namespace quantide
