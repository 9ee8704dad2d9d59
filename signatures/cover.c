/* Coverage, and the trust of signatures in the names of packages. Trust boundary: paths and names
 * are the package's; what they may claim is in the user's trust.yaml. */
#include "signatures/cover.h"
#include "signatures/lookalike.h"

enum { PACKAGES_MAX = 1024, NAMES_BYTES_MAX = 1024 * 1024, SHOWN_MAX = 100 };

enum mark { IS_SIGNATURE = 1, COVERED = 2, TRUSTED = 4 };

static const struct vb_sig_package nameless = {
    .kind = "files", .name = "", .root = ".", .author = ""};

void vb_sig_cover_done(struct vb_sig_cover *cover)
{
    vb_sig_paths_done(&cover->files);
    vb_buf_done(&cover->names);
    free(cover->marks);
    free(cover->packages);
    free(cover->claimed);
    *cover = (struct vb_sig_cover){0};
}

/* --- packages --- */

static int by_root(const void *a, const void *b)
{
    return strcmp(((const struct vb_sig_package *)a)->root,
                  ((const struct vb_sig_package *)b)->root);
}

/* Takes a text with its NUL off IN. */
static const char *take_text(struct vb_sig_bytes *in)
{
    const unsigned char *end = memchr(in->data, '\0', in->len);

    if (end == NULL)
        return NULL;
    const char *text = (const char *)in->data;
    in->len -= (size_t)(end - in->data) + 1;
    in->data = end + 1;
    return text;
}

static int read_packages(struct vb_sig_cover *cover, int fd, struct vb_error *err)
{
    int status = VB_OK;

    vb_buf_init(&cover->names, NAMES_BYTES_MAX);
    if (fd >= 0)
        status = vb_sig_read_head(fd, NAMES_BYTES_MAX, &cover->names, err);
    cover->packages = calloc(PACKAGES_MAX, sizeof(*cover->packages));
    cover->claimed = calloc(PACKAGES_MAX, sizeof(*cover->claimed));
    if (cover->packages == NULL || cover->claimed == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the packages' names");
    struct vb_sig_bytes in = {.data = cover->names.data, .len = cover->names.len};
    while (status == VB_OK && in.len > 0) {
        struct vb_sig_package package = {.kind = take_text(&in), .registry = cover->registry};
        package.name = package.kind != NULL ? take_text(&in) : NULL;
        package.root = package.name != NULL ? take_text(&in) : NULL;
        package.author = package.root != NULL ? take_text(&in) : NULL;
        if (package.author == NULL)
            return vb_fail(err, VB_E_SOFTWARE, 0, "the packages' names are cut off");
        if (cover->package_count < PACKAGES_MAX)
            cover->packages[cover->package_count++] = package;
        else
            cover->left_out++;
    }
    if (cover->package_count == 0)
        cover->packages[cover->package_count++] = nameless;
    qsort(cover->packages, cover->package_count, sizeof(*cover->packages), by_root);
    for (size_t i = 0; cover->trust != NULL && i < cover->package_count; i++)
        cover->claimed[i] = vb_publishers_claim(cover->trust->publishers, &cover->packages[i]);
    return status;
}

/* The packages with the root ROOT, LEN bytes long: *ret_count of them, or NULL. */
static const struct vb_sig_package *rooted_at(const struct vb_sig_cover *cover, const char *root,
                                              size_t len, size_t *ret_count)
{
    size_t low = 0, high = cover->package_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const char *name = cover->packages[middle].root;
        const int order = strncmp(name, root, len);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    /* Longer roots with this beginning may stand between, but not before its own. */
    size_t count = 0;
    while (low + count < cover->package_count &&
           strncmp(cover->packages[low + count].root, root, len) == 0 &&
           cover->packages[low + count].root[len] == '\0')
        count++;
    *ret_count = count;
    return count > 0 ? &cover->packages[low] : NULL;
}

static bool any_claimed(const struct vb_sig_cover *cover, const struct vb_sig_package *packages,
                        size_t count)
{
    const size_t first = (size_t)(packages - cover->packages);

    for (size_t i = 0; i < count; i++) {
        if (cover->claimed[first + i])
            return true;
    }
    return false;
}

/* Those of the innermost root above PATH; CLAIMED: of which a row has one. NULL: there is none. */
static const struct vb_sig_package *innermost(const struct vb_sig_cover *cover, const char *path,
                                              bool claimed, size_t *ret_count)
{
    for (size_t len = strlen(path); len > 0; len--) {
        if (path[len] != '/')
            continue;
        const struct vb_sig_package *found = rooted_at(cover, path, len, ret_count);
        if (found != NULL && (!claimed || any_claimed(cover, found, *ret_count)))
            return found;
    }
    const struct vb_sig_package *top = rooted_at(cover, ".", 1, ret_count);
    return top != NULL && (!claimed || any_claimed(cover, top, *ret_count)) ? top : NULL;
}

/* Those that what lies at PATH is held to. A package within another could call itself anything, so
 * that one which no row has is part of the nearest one outside of it which a row has. */
static const struct vb_sig_package *packages_of(const struct vb_sig_cover *cover, const char *path,
                                                size_t *ret_count)
{
    const struct vb_sig_package *found = innermost(cover, path, true, ret_count);

    if (found == NULL)
        found = innermost(cover, path, false, ret_count);
    *ret_count = found != NULL ? *ret_count : 1;
    return found != NULL ? found : &nameless;
}

/* --- files --- */

int vb_sig_cover_init(struct vb_sig_cover *ret, const struct vb_trust *trust, int64_t now,
                      struct vb_sig_paths *files, int packages_fd, struct vb_error *err)
{
    *ret = (struct vb_sig_cover){
        .trust = trust, .now = now, .files = *files, .registry = ret->registry};
    *files = (struct vb_sig_paths){0};
    ret->present = ret->files.count;
    ret->marks = calloc(ret->files.count + 1, 1);
    if (ret->marks == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the files of the package");
    return read_packages(ret, packages_fd, err);
}

/* The place of PATH among the files, or SIZE_MAX. */
static size_t find(const struct vb_sig_cover *cover, const char *path)
{
    size_t low = 0, high = cover->files.count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(cover->files.items[middle], path);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return SIZE_MAX;
}

void vb_sig_cover_signature(struct vb_sig_cover *cover, const char *path)
{
    const size_t at = find(cover, path);

    if (at == SIZE_MAX || (cover->marks[at] & IS_SIGNATURE) != 0)
        return;
    cover->marks[at] |= IS_SIGNATURE;
    cover->present--;
}

/* --- one signature --- */

/* What was asked last: files of one package stand together. */
struct asked {
    const struct vb_sig_package *packages;
    bool accepted;
};

/* Whether RESULT is trusted for what lies at PATH. */
static bool accepts(const struct vb_sig_cover *cover, const char *path,
                    const struct vb_sig_result *result, struct asked *last)
{
    struct vb_sig_why why;
    size_t count = 0;
    const struct vb_sig_package *packages = packages_of(cover, path, &count);
    const struct vb_publishers *publishers = cover->trust != NULL ? cover->trust->publishers : NULL;

    if (last->packages != packages)
        *last = (struct asked){
            packages, vb_publishers_accept(publishers, packages, count, cover->now, result, &why)};
    return last->accepted;
}

static void mark_file(struct vb_sig_cover *cover, size_t at, const struct vb_sig_result *result,
                      struct asked *last, size_t *count)
{
    if ((cover->marks[at] & IS_SIGNATURE) != 0)
        return;
    (*count)++;
    cover->marks[at] |= COVERED;
    if (accepts(cover, cover->files.items[at], result, last))
        cover->marks[at] |= TRUSTED;
}

static void mark(struct vb_sig_cover *cover, bool whole, const struct vb_sig_result *result,
                 size_t *ret_count)
{
    struct asked last = {0};
    size_t count = 0;

    for (size_t i = 0; whole && i < cover->files.count; i++)
        mark_file(cover, i, result, &last, &count);
    for (size_t i = 0; !whole && i < result->covers.count; i++) {
        const size_t at = find(cover, result->covers.items[i]);
        const bool repeated =
            i > 0 && strcmp(result->covers.items[i], result->covers.items[i - 1]) == 0;
        if (at != SIZE_MAX && !repeated)
            mark_file(cover, at, result, &last, &count);
    }
    *ret_count = count;
}

/* What trust.yaml says of the package in which the signature lies goes into the outcome. */
static void judge(const struct vb_sig_cover *cover, const char *path, struct vb_sig_result *result)
{
    struct vb_sig_why why;
    size_t count = 0;
    const struct vb_sig_package *packages = packages_of(cover, path, &count);
    const struct vb_publishers *publishers = cover->trust != NULL ? cover->trust->publishers : NULL;

    if (publishers == NULL)
        return;
    const bool accepted =
        vb_publishers_accept(publishers, packages, count, cover->now, result, &why);
    if (why.text[0] == '\0')
        return;
    result->code = why.code;
    /* When the signer says that it was stays told as his word. */
    if (result->clock_source == NULL || result->signed_at != 0)
        result->clock = result->signed_at != 0 ? result->signed_at : cover->now;
    vb_sig_conclude(result, accepted ? VB_SIGNATURE_VALID_TRUSTED : VB_SIGNATURE_VALID_UNTRUSTED,
                    "%s", why.text);
}

void vb_sig_cover_add(struct vb_sig_cover *cover, const char *path, bool whole,
                      struct vb_sig_result *result)
{
    if (result->outcome != VB_SIGNATURE_VALID_TRUSTED &&
        result->outcome != VB_SIGNATURE_VALID_UNTRUSTED)
        return;
    cover->any_valid = true;
    mark(cover, whole, result, &result->count);
    result->present = cover->present;
    judge(cover, path, result);
}

/* --- what comes of it --- */

/* Files, of which the first are shown. */
struct shown {
    struct vb_str paths[SHOWN_MAX];
    size_t count;
};

static void show(struct shown *shown, const char *path)
{
    if (shown->count < SHOWN_MAX)
        shown->paths[shown->count] = (struct vb_str){.text = path, .len = strlen(path)};
    shown->count++;
}

static void list_shown(struct vb_event *event, enum vb_field field, const struct shown *shown)
{
    if (shown->count > 0)
        vb_event_list(event, field, shown->paths,
                      shown->count < SHOWN_MAX ? shown->count : SHOWN_MAX);
}

static int emit_coverage(const struct vb_sig_cover *cover, struct vb_sink *sink,
                         struct vb_error *err)
{
    struct shown bare = {.count = 0}, untrusted = {.count = 0};
    struct vb_event event;

    for (size_t i = 0; i < cover->files.count; i++) {
        if ((cover->marks[i] & (IS_SIGNATURE | TRUSTED)) != 0)
            continue;
        show((cover->marks[i] & COVERED) != 0 ? &untrusted : &bare, cover->files.items[i]);
    }
    vb_event_init(&event, VB_EV_SIGNATURE_COVERAGE, VB_SOURCE_STATIC);
    vb_event_int(&event, VB_F_COUNT, (int64_t)(cover->present - bare.count));
    vb_event_int(&event, VB_F_PRESENT, (int64_t)cover->present);
    vb_event_int(&event, VB_F_TRUSTED, (int64_t)(cover->present - bare.count - untrusted.count));
    list_shown(&event, VB_F_PATHS, &bare);
    list_shown(&event, VB_F_UNTRUSTED, &untrusted);
    return vb_emit(sink, &event, err);
}

/* Of the packages of one root: files, and how many of them somebody signed who may. */
struct share {
    size_t trusted;
    size_t files;
};

static void count_share(const struct vb_sig_cover *cover, size_t at,
                        const struct vb_sig_package *packages, struct share *shares)
{
    struct share *share = &shares[packages - cover->packages];

    share->files++;
    share->trusted += (cover->marks[at] & TRUSTED) != 0;
}

/* SHARES has a row for each package, of which the first of a root is used. What a package outside
 * answers for is its own one's share too. */
static void count_shares(const struct vb_sig_cover *cover, struct share *shares)
{
    for (size_t i = 0; i < cover->files.count; i++) {
        const char *path = cover->files.items[i];
        size_t count;
        if ((cover->marks[i] & IS_SIGNATURE) != 0)
            continue;
        const struct vb_sig_package *own = innermost(cover, path, false, &count);
        const struct vb_sig_package *held = innermost(cover, path, true, &count);
        if (own != NULL)
            count_share(cover, i, own, shares);
        if (held != NULL && held != own)
            count_share(cover, i, held, shares);
    }
}

static int emit_expected(const struct vb_sig_package *package, const struct share *share,
                         size_t line, struct vb_sink *sink, struct vb_error *err)
{
    struct vb_event event;
    const bool all = share->trusted == share->files;
    const char *outcome = share->trusted == 0 ? "missing" : all ? "signed" : "partial";

    vb_event_init(&event, VB_EV_SIGNATURE_EXPECTED, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_NAME, package->name);
    vb_event_str(&event, VB_F_KIND_OF, package->kind);
    vb_event_str(&event, VB_F_PATH, package->root);
    vb_event_str(&event, VB_F_OUTCOME, outcome);
    vb_event_int(&event, VB_F_COUNT, (int64_t)share->trusted);
    vb_event_int(&event, VB_F_PRESENT, (int64_t)share->files);
    vb_event_int(&event, VB_F_LINE, (int64_t)line);
    return vb_emit(sink, &event, err);
}

/* A name that could be taken for another one, unless it is trusted under its own. */
static int emit_lookalike(const struct vb_publishers *publishers,
                          const struct vb_sig_package *package, const struct share *share,
                          struct vb_sink *sink, struct vb_error *err)
{
    struct vb_name_lookalike_found found = {0};
    struct vb_event event;
    const char *what = "trusted";
    const bool trusted = share->files > 0 && share->trusted == share->files;

    if (package->name[0] == '\0' || trusted || vb_publishers_claim(publishers, package))
        return 0;
    found.how = vb_publishers_lookalike(publishers, package, &found.target);
    if (found.how == NULL) {
        what = "popular";
        if (!vb_name_lookalike_popular(package->kind, package->name, &found))
            return 0;
    }
    vb_event_init(&event, VB_EV_NAME_LOOKALIKE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_NAME, package->name);
    vb_event_str(&event, VB_F_KIND_OF, package->kind);
    vb_event_str(&event, VB_F_PATH, package->root);
    vb_event_str(&event, VB_F_TARGET, found.target);
    vb_event_str(&event, VB_F_CODE, found.how);
    vb_event_str(&event, VB_F_WHAT, what);
    return vb_emit(sink, &event, err);
}

/* The name of AUTHOR, which is as npm writes people: "NAME <MAIL> (PAGE)". "" where it has none. */
static void name_of(const char *author, char ret[VB_NAME_PUBLISHER_MAX])
{
    size_t len = author == NULL ? 0 : strcspn(author, "<(\r\n\t");

    while (len > 0 && author[len - 1] == ' ')
        len--;
    /* A mail address is no name, and a text none either. */
    if (len >= VB_NAME_PUBLISHER_MAX || (len > 0 && memchr(author, '@', len) != NULL))
        len = 0;
    if (len > 0)
        memcpy(ret, author, len);
    ret[len] = '\0';
}

/* Whoever made it is called nearly like a publisher whom the user or everybody knows. */
static int emit_impostor(const struct vb_publishers *publishers,
                         const struct vb_sig_package *package, const struct share *share,
                         struct vb_sink *sink, struct vb_error *err)
{
    struct vb_name_lookalike_found trusted = {0}, popular = {0};
    char name[VB_NAME_PUBLISHER_MAX];
    struct vb_event event;

    name_of(package->author, name);
    if (name[0] == '\0' || (share->files > 0 && share->trusted == share->files) ||
        vb_publishers_known(publishers, name, &trusted) || vb_name_publisher(name, &popular) ||
        (trusted.how == NULL && popular.how == NULL))
        return 0;
    const struct vb_name_lookalike_found *found = trusted.how != NULL ? &trusted : &popular;
    vb_event_init(&event, VB_EV_NAME_LOOKALIKE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_NAME, name);
    vb_event_str(&event, VB_F_KIND_OF, package->kind);
    vb_event_str(&event, VB_F_PATH, package->root);
    vb_event_str(&event, VB_F_TARGET, found->target);
    vb_event_str(&event, VB_F_CODE, found->how);
    vb_event_str(&event, VB_F_WHAT,
                 trusted.how != NULL ? "trusted-publisher" : "popular-publisher");
    return vb_emit(sink, &event, err);
}

/* Which of them should have been signed nobody knows. */
static int emit_left_out(const struct vb_sig_cover *cover, struct vb_sink *sink,
                         struct vb_error *err)
{
    struct vb_event event;

    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "verify");
    vb_event_str(&event, VB_F_WHAT, "packages");
    vb_event_str(&event, VB_F_REASON, "more packages than trust.yaml is asked about");
    vb_event_int(&event, VB_F_COUNT, (int64_t)cover->left_out);
    return vb_emit(sink, &event, err);
}

int vb_sig_cover_emit(const struct vb_sig_cover *cover, struct vb_sink *sink, struct vb_error *err)
{
    const struct vb_publishers *publishers = cover->trust != NULL ? cover->trust->publishers : NULL;
    VB_CLEANUP_FREE struct share *shares = calloc(PACKAGES_MAX, sizeof(*shares));
    int status = cover->any_valid ? emit_coverage(cover, sink, err) : VB_OK;

    if (status == VB_OK && cover->left_out > 0)
        status = emit_left_out(cover, sink, err);

    if (shares == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the files of the package");
    count_shares(cover, shares);
    for (size_t i = 0; status == VB_OK && i < cover->package_count; i++) {
        const struct vb_sig_package *package = &cover->packages[i];
        const size_t line = vb_publishers_require(publishers, package, cover->now);
        size_t count;
        const struct vb_sig_package *first =
            rooted_at(cover, package->root, strlen(package->root), &count);
        const struct share *share = &shares[first - cover->packages];
        if (line != 0)
            status = emit_expected(package, share, line, sink, err);
        if (status == VB_OK)
            status = emit_lookalike(publishers, package, share, sink, err);
        if (status == VB_OK)
            status = emit_impostor(publishers, package, share, sink, err);
    }
    return status;
}
