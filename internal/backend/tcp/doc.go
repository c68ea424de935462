// Package tcp joins connections that are passed on unread (HeadgatePassthrough) to members by tcp://. It sends and
// reads nothing itself: the tunnel does.
//
// Imports exchange, fault and worker.
package tcp
