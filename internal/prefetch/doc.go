// Package prefetch has the processor fetch memory that is looked at soon. With a
// thousand virtual hosts nothing of the one that is asked for lies in a cache,
// and one thing leads to the next: fetched one after the other, each line costs
// as much as a hundred instructions. Who knows where several of them are has
// them fetched together.
//
// It is a hint: a wrong address, also nil, does nothing. On processors that are
// not written down here all of it does nothing.
//
// Imports nothing of this module.
package prefetch
