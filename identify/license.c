/* Which licence a package has whose manifest states none: by its classifiers, or by the words with
 * which the text in its LICENSE file begins. Trust boundary: the text is the package's; what is not
 * known to the letter is said to be unknown. */
#include "identify/internal.h"

#include <ctype.h>

enum { TEXT_MAX = 16 * 1024, BEGINNING = 1200 };

/* HEAD: a title, looked for at the beginning only. ALSO, or WITHOUT: what tells it from its likes.
 */
static const struct {
    const char *id;
    const char *words;
    bool head;
    const char *also;
    const char *without;
} texts[] = {
    {"MIT",
     "permission is hereby granted, free of charge, to any person obtaining a copy of this "
     "software "
     "and associated documentation files",
     false, "the above copyright notice and this permission notice shall be included", NULL},
    {"MIT-0",
     "permission is hereby granted, free of charge, to any person obtaining a copy of this "
     "software "
     "and associated documentation files",
     false, NULL, "the above copyright notice and this permission notice"},
    {"Apache-2.0", "apache license version 2.0, january 2004", true, NULL, NULL},
    {"BSD-3-Clause", "redistribution and use in source and binary forms, with or without", false,
     "to endorse or promote products", "advertising materials"},
    {"BSD-2-Clause", "redistribution and use in source and binary forms, with or without", false,
     "in binary form must reproduce the above copyright notice", "to endorse or promote products"},
    {"ISC",
     "permission to use, copy, modify, and/or distribute this software for any purpose with or "
     "without fee is hereby granted",
     false, "provided that the above copyright notice", NULL},
    {"0BSD",
     "permission to use, copy, modify, and/or distribute this software for any purpose with or "
     "without fee is hereby granted",
     false, NULL, "provided that the above copyright notice"},
    {"GPL-3.0-only", "gnu general public license version 3, 29 june 2007", true, NULL, NULL},
    {"GPL-2.0-only", "gnu general public license version 2, june 1991", true, NULL, NULL},
    {"LGPL-3.0-only", "gnu lesser general public license version 3, 29 june 2007", true, NULL,
     NULL},
    {"LGPL-2.1-only", "gnu lesser general public license version 2.1, february 1999", true, NULL,
     NULL},
    {"AGPL-3.0-only", "gnu affero general public license version 3, 19 november 2007", true, NULL,
     NULL},
    {"MPL-2.0", "mozilla public license version 2.0", true, NULL, NULL},
    {"EPL-2.0", "eclipse public license - v 2.0", true, NULL, NULL},
    {"BSL-1.0", "boost software license - version 1.0", true, NULL, NULL},
    {"Unlicense", "this is free and unencumbered software released into the public domain", true,
     NULL, NULL},
    {"CC0-1.0", "cc0 1.0 universal", true, NULL, NULL},
    {"CC-BY-4.0", "creative commons attribution 4.0 international", true, NULL, NULL},
};

/* What takes back part of what the rest grants. The first may stand anywhere; the GPL itself speaks
 * of the others, far below its title. */
static const char *const riders[] = {"commons clause", "non-commercial", "noncommercial"};

/* In lower case, with one space between words, without what frames them ("# Apache License"). */
static void normalise(struct vb_buf *text)
{
    size_t len = 0;
    bool gap = false;
    for (size_t i = 0; i < text->len; i++) {
        const unsigned char c = text->data[i];
        if (isspace(c) || strchr("#*=_\"`>", c) != NULL) { /* NUL too */
            gap = len > 0;
            continue;
        }
        if (gap)
            text->data[len++] = ' ';
        gap = false;
        text->data[len++] = c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
    }
    text->len = len;
}

static bool has(const char *text, size_t len, const char *words)
{
    return memmem(text, len, words, strlen(words)) != NULL;
}

/* The one licence that TEXT is; NULL: none that is known, or more. */
static const char *id_of(const char *text, size_t len)
{
    const char *found = NULL;
    for (size_t i = 0; i < VB_ARRAY_LEN(riders); i++)
        if (has(text, i > 0 && len > BEGINNING ? BEGINNING : len, riders[i]))
            return NULL;
    for (size_t i = 0; i < VB_ARRAY_LEN(texts); i++) {
        const size_t part = texts[i].head && len > BEGINNING ? BEGINNING : len;
        if (!has(text, part, texts[i].words) ||
            (texts[i].also != NULL && !has(text, len, texts[i].also)) ||
            (texts[i].without != NULL && has(text, len, texts[i].without)))
            continue;
        if (found != NULL)
            return NULL;
        found = texts[i].id;
    }
    return found;
}

/* The license file of ROOT, or NULL. */
static const struct vb_id_file *file_of(struct vb_id *id, const char *root)
{
    static const char *const names[] = {"LICENSE",     "LICENSE.txt", "LICENSE.md",  "LICENCE",
                                        "LICENCE.txt", "LICENCE.md",  "COPYING",     "COPYING.txt",
                                        "UNLICENSE",   "license",     "license.txt", "license.md",
                                        "License.txt", "License"};
    const struct vb_id_file *file = NULL;
    for (size_t i = 0; i < VB_ARRAY_LEN(names) && file == NULL; i++)
        file = vb_id_at_root(id, root, names[i]);
    return file;
}

static void by_file(struct vb_id *id, const char *root, struct vb_id_facts *facts)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    const struct vb_id_file *file = file_of(id, root);
    if (file == NULL || !vb_id_peek(id, file->path, TEXT_MAX, &text) || text.len == 0)
        return;
    normalise(&text);
    const char *known = id_of((const char *)text.data, text.len);
    json_t *value = known != NULL ? json_string(known)
                                  : json_sprintf("unknown, in %s", vb_path_base(file->path));
    facts->license = vb_id_fact(id, facts, value);
    json_decref(value);
}

/* Trove classifiers that name one licence and one version; "BSD License" may be any of several. */
const char *vb_id_license_of_classifier(const char *classifier)
{
    static const char begin[] = "License :: OSI Approved :: ";
    static const struct {
        const char *name, *id;
    } rows[] = {
        {"MIT License", "MIT"},
        {"MIT No Attribution License (MIT-0)", "MIT-0"},
        {"Apache Software License", "Apache-2.0"},
        {"ISC License (ISCL)", "ISC"},
        {"Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"},
        {"GNU General Public License v2 (GPLv2)", "GPL-2.0-only"},
        {"GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"},
        {"GNU General Public License v3 (GPLv3)", "GPL-3.0-only"},
        {"GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"},
        {"GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"},
        {"GNU Lesser General Public License v3 or later (LGPLv3+)", "LGPL-3.0-or-later"},
        {"GNU Affero General Public License v3", "AGPL-3.0-only"},
        {"GNU Affero General Public License v3 or later (AGPLv3+)", "AGPL-3.0-or-later"},
        {"Python Software Foundation License", "PSF-2.0"},
        {"The Unlicense (Unlicense)", "Unlicense"},
        {"zlib/libpng License", "Zlib"},
        {"Boost Software License 1.0 (BSL-1.0)", "BSL-1.0"},
        {"Eclipse Public License 2.0 (EPL-2.0)", "EPL-2.0"},
    };
    if (strncmp(classifier, begin, sizeof(begin) - 1) != 0)
        return NULL;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        if (strcmp(classifier + sizeof(begin) - 1, rows[i].name) == 0)
            return rows[i].id;
    return NULL;
}

void vb_id_complete_license(struct vb_id *id, const char *root, struct vb_id_facts *facts)
{
    if (facts->license != NULL &&
        (strcasecmp(facts->license, "unknown") == 0 || facts->license[0] == '\0'))
        facts->license = NULL; /* what builders write where nobody said anything */
    if (facts->license == NULL)
        facts->license = facts->classified;
    if (facts->license == NULL)
        by_file(id, root, facts);
}
