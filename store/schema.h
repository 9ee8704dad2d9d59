/* The tables, as store/schema.sql has them. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <stddef.h>

extern const unsigned char vb_store_schema[];
extern const size_t vb_store_schema_len;

#endif
