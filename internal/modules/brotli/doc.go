// Package brotli is mod_brotli: the filter BROTLI_COMPRESS.
//
// Imports module and the layers below it.
package brotli
