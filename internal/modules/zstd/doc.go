// Package zstd is the filter ZSTD_COMPRESS, in the form of
// mod_brotli (RFC 8878). httpd has no such module.
//
// Imports module and the layers below it.
package zstd
