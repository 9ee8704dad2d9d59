/* core: what every room stands on. Errors, bounded buffers, events, JSON, digests, paths, text. */
#ifndef VETBOX_CORE_H
#define VETBOX_CORE_H

#include "vetbox/core/base.h"
#include "vetbox/core/buf.h"
#include "vetbox/core/digest.h"
#include "vetbox/core/error.h"
#include "vetbox/core/event.h"
#include "vetbox/core/iocs.h"
#include "vetbox/core/json.h"
#include "vetbox/core/manifest.h"
#include "vetbox/core/text.h"
#include "vetbox/core/tree.h"

#endif
