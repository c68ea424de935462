// Package pipeline carries an exchange from its complete head to its log
// line: one list of named steps, one place that turns a fault into an answer.
//
// It implements exchange.Service over the current snapshot, which an exchange
// binds once and keeps to its end.
//
// Imports snapshot and what is below it.
package pipeline
