# Third-party libraries, each used by the folder that design and tests/lint/layering say.
find_package(PkgConfig REQUIRED)
find_package(CURL REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(SSL REQUIRED IMPORTED_TARGET libssl)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlidec)
pkg_check_modules(YARA REQUIRED IMPORTED_TARGET yara)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(MNL REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
find_library(HTP_LIBRARY htp REQUIRED) # its .pc names a folder that is not there
find_path(HTP_INCLUDE_DIR htp/htp.h REQUIRED)
find_library(MD4C_LIBRARY md4c REQUIRED)
find_path(MD4C_INCLUDE_DIR md4c.h REQUIRED)

# What vetbox-reader is linked with, if all of it is there as static libraries and is all that they
# need themselves: else the list is empty.
set(READER_LIBRARIES "")
if(VETBOX_STATIC_READER AND NOT VETBOX_SANITIZE AND NOT VETBOX_COVERAGE AND NOT VETBOX_FUZZ)
  foreach(name archive nettle lzma bz2 zstd lz4 z brotlidec brotlicommon utf8proc seccomp)
    find_library(STATIC_${name} lib${name}.a)
    list(APPEND READER_LIBRARIES ${STATIC_${name}})
  endforeach()
  include(CheckCSourceCompiles)
  set(CMAKE_REQUIRED_LIBRARIES ${READER_LIBRARIES})
  set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie)
  check_c_source_compiles("
    int archive_read_append_filter(void), archive_read_add_passphrase(void), utf8proc_map(void),
      archive_read_support_format_7zip(void), archive_read_support_format_cab(void),
      archive_read_support_format_iso9660(void), archive_read_support_format_rar(void),
      archive_read_support_format_rar5(void), archive_read_support_format_tar(void),
      archive_read_support_format_zip_seekable(void), BrotliDecoderCreateInstance(void),
      seccomp_init(void);
    int main(void)
    {
      return archive_read_append_filter() + archive_read_add_passphrase() + utf8proc_map() +
        archive_read_support_format_7zip() + archive_read_support_format_cab() +
        archive_read_support_format_iso9660() + archive_read_support_format_rar() +
        archive_read_support_format_rar5() + archive_read_support_format_tar() +
        archive_read_support_format_zip_seekable() + BrotliDecoderCreateInstance() + seccomp_init();
    }" VETBOX_HAS_READER_LIBRARIES)
  unset(CMAKE_REQUIRED_LIBRARIES)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  if(NOT VETBOX_HAS_READER_LIBRARIES)
    message(STATUS "vetbox-reader is linked with shared libraries, and slower: a static one is missing")
    set(READER_LIBRARIES "")
  endif()
endif()
