package fault

// Cause is the stable name of what went wrong: one word that people search for,
// count and alert on. Its list is closed, and a name never changes its meaning.
// The layer that makes a fault sets it where it knows more than side, phase and
// kind; Named derives it from those otherwise.
type Cause uint8

// About is what there is to say about a cause. The documentation, the error log,
// the metrics and "headgate explain" read it.
type About struct {
	Name    string
	Side    Side
	Status  string // what the client gets; "": no response
	Proxy   string // the error type of the Proxy-Status field (RFC 9209 section 2.3); "": none fits
	Meaning string // what happened, a sentence
	Try     string // what to do about it, one or more sentences
}

// About returns the row of a cause.
func (c Cause) About() *About { return &causes[c] }

// String returns the name, "none" for the zero value.
func (c Cause) String() string { return causes[c].Name }

// Causes returns all causes but NoCause, in the order of the documentation.
func Causes() []Cause {
	all := make([]Cause, 0, NumCauses-1)
	for c := NoCause + 1; c < NumCauses; c++ {
		all = append(all, c)
	}
	return all
}

// CauseNamed returns the cause with a name.
func CauseNamed(name string) (Cause, bool) {
	for c := NoCause + 1; c < NumCauses; c++ {
		if causes[c].Name == name {
			return c, true
		}
	}
	return NoCause, false
}

// Named returns the cause of f: the one that was set, else the one that side, phase
// and kind stand for.
func (f *Fault) Named() Cause {
	switch {
	case f.Cause != NoCause:
		return f.Cause
	case f.ByStop():
		return ServerStopping
	case f.Replace:
		return ErrorOverride
	}
	if c := byStatus[f.Status]; c != NoCause && f.Side == Client {
		return c
	}
	for i := range derived {
		if d := &derived[i]; d.side == f.Side && has(d.phases, f.Phase) && has(d.kinds, f.Kind) {
			return d.cause
		}
	}
	return InternalError
}

// byStatus are the causes of faults of clients that their status says all of.
var byStatus = map[int]Cause{
	405: MethodNotAllowed, 411: LengthRequired, 413: BodyTooLarge, 414: URITooLong, 417: ExpectationFailed, 421: Misdirected,
	431: HeaderTooLarge, 501: NotImplemented, 505: VersionUnsupported,
}

// set is a set of phases or kinds; every has all.
type set uint32

const every = ^set(0)

func of[T ~uint8](list ...T) (s set) {
	for _, v := range list {
		s |= 1 << v
	}
	return s
}

func has[T ~uint8](s set, v T) bool { return s&(1<<v) != 0 }

// derived says which cause a side, phase and kind stand for. The first row that
// fits applies.
var derived = []struct {
	side   Side
	phases set
	kinds  set
	cause  Cause
}{
	{Backend, of(Acquire), of(Exhausted), QueueTimeout},
	{Backend, of(Acquire), every, AllMembersDown},
	{Backend, of(Resolve), of(Timeout), DNSTimeout},
	{Backend, of(Resolve), every, DNSFailed},
	{Backend, of(Connect), of(Refused), BackendRefused},
	{Backend, of(Connect), of(Timeout), ConnectTimeout},
	{Backend, of(Connect), every, BackendUnreachable},
	{Backend, of(Handshake), of(Timeout), TLSTimeout},
	{Backend, of(Handshake), of(Closed, Reset), TLSClosed},
	{Backend, of(Handshake), every, TLSFailed},
	{Backend, of(SendRequest, SendBody), of(Timeout), SendTimeout},
	{Backend, of(SendRequest, SendBody), every, SendFailed},
	{Backend, of(AwaitHead), of(Timeout), FirstByteTimeout},
	{Backend, of(AwaitHead), of(Closed), ClosedBeforeHead},
	{Backend, of(AwaitHead), of(Malformed, TooLarge, InvalidInput), HeadInvalid},
	{Backend, of(AwaitHead), every, ResetBeforeHead},
	{Backend, of(ReadHead), of(Timeout), HeadTimeout},
	{Backend, of(ReadHead), of(Reset), ResetInHead},
	{Backend, of(ReadHead), of(Closed), ClosedInHead},
	{Backend, of(ReadHead), every, HeadInvalid},
	{Backend, of(ReadResponse), of(Timeout), ResponseTimeout},
	{Backend, of(ReadResponse), of(Malformed), BodyInvalid},
	{Backend, of(ReadResponse), every, BodyCut},
	{Backend, every, every, ResetBeforeHead},

	{Client, of(ReadRequest), of(Timeout), RequestTimeout},
	{Client, of(ReadRequest), of(Closed, Aborted, Reset), RequestCut},
	{Client, of(ReadRequest), every, MalformedRequest},
	{Client, of(ReadBody), of(Timeout), BodyTimeout},
	{Client, of(ReadBody), of(Malformed, InvalidInput), MalformedBody},
	{Client, of(ReadBody), of(TooLarge), BodyTooLarge},
	{Client, of(ReadBody), every, RequestCut},
	{Client, of(SendResponse), of(Timeout), ClientStalled},
	{Client, every, of(Timeout), RequestTimeout},
	{Client, of(SendRequest), of(TooLarge), TooLargeForBackend},
	{Client, of(Handshake), every, PlainOnTLS},
	{Client, of(Map, Connect), of(Denied), DeniedByRequire},
	{Client, every, of(Aborted, Closed, Reset), ClientGone},
	{Client, every, every, MalformedTarget},

	{Proxy, of(Map, ReadRequest), of(Unsupported), ConfigurationError},
	{Proxy, of(Handshake), of(Unsupported), TLSOff},
	{Proxy, of(Acquire), of(Unavailable), WorkerDisabled},
	{Proxy, every, every, InternalError},
}
