// Package pipeline processes an exchange from its complete head to its log
// line: one list of named stages, and one function that turns a fault into a
// response.
//
// It implements exchange.Service over the current snapshot, which an exchange
// binds once and keeps to its end.
//
// Imports snapshot and the layers below.
package pipeline
