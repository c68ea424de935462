// Package passphrase obtains the pass phrases of encrypted private keys, as
// SSLPassPhraseDialog says: from a program that is run for each key, from one that is
// asked by its input, or from somebody at the terminal.
//
// A Ring remembers the phrases that fitted, for other keys and for keys that are
// renewed. A Dialog asks for one that is not known; it lives while a configuration is
// built, and blocks: its methods are not for loops. Phrases are in memory only, and
// nothing that a program writes is ever logged.
//
// It imports certfile and lock; it is at layer 2.
package passphrase
