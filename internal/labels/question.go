package labels

// question is one that a translation has put to its caller, with the answer. What was translated is valid while the answers
// are the same.
type question struct {
	topic       topic
	about, path string
	first, next string
	ok          bool
}

// topic is what a question is about.
type topic uint8

const (
	hostTaken topic = iota
	balancerTaken
	certificateOf
)

// answer puts a question to the caller.
func (o *Options) answer(q question) question {
	q.first, q.next, q.ok = "", "", false
	switch {
	case q.topic == hostTaken && o.Taken != nil:
		q.first, q.ok = o.Taken(q.about, q.path)
	case q.topic == balancerTaken && o.BalancerTaken != nil:
		q.first, q.ok = o.BalancerTaken(q.about)
	case q.topic == certificateOf && o.Certificate != nil:
		q.first, q.next, q.ok = o.Certificate(q.about)
	}
	return q
}

func (t *translation) ask(q question) question {
	q = t.o.answer(q)
	t.asked = append(t.asked, q)
	return q
}

// hostTaken says who has a path of a host outside of the containers.
func (t *translation) hostTaken(host, path string) (owner string, taken bool) {
	q := t.ask(question{topic: hostTaken, about: host, path: path})
	return q.first, q.ok
}

// balancerTaken says who has a balancer outside of the containers.
func (t *translation) balancerTaken(name string) (owner string, taken bool) {
	q := t.ask(question{topic: balancerTaken, about: name})
	return q.first, q.ok
}

// certificate returns the lines for the certificate of a host.
func (t *translation) certificate(host string) (lines []string, ok bool) {
	return certificateLines(t.ask(question{topic: certificateOf, about: host}))
}

// certificateLines are the lines for the certificate of an answer.
func certificateLines(q question) (lines []string, ok bool) {
	if !q.ok || checkValue(q.first) != nil || checkValue(q.next) != nil {
		return nil, false
	}
	lines = []string{"SSLEngine On", "SSLCertificateFile " + quote(q.first)}
	if q.next != "" && q.next != q.first {
		lines = append(lines, "SSLCertificateKeyFile "+quote(q.next))
	}
	return lines, true
}
