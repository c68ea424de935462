package manage

import "testing"

func TestOrigin(t *testing.T) {
	for _, tt := range []struct {
		from       Origin
		host, name string
		want       Sender
	}{
		{Origin{}, "a.test", "a.test", Unknown},
		{Origin{Referer: "http://a.test/bm"}, "a.test", "a.test", OwnPage},
		{Origin{Referer: "http://A.test:8080/bm"}, "a.test", "a.test", OwnPage},
		{Origin{Referer: "http://b.test/?a.test"}, "a.test", "a.test", Foreign},
		{Origin{Referer: "http://a.test@b.test/"}, "a.test", "a.test", Foreign},
		{Origin{Referer: "a.test"}, "a.test", "a.test", Foreign},
		{Origin{Referer: "http://[::1]:80/"}, "[::1]", "::1", OwnPage},
		{Origin{Origin: "http://a.test"}, "a.test", "a.test", OwnPage},
		{Origin{Origin: "http://a.test"}, "a.test:80", "a.test", OwnPage},
		{Origin{Origin: "https://a.test"}, "a.test:443", "a.test", OwnPage},
		{Origin{Origin: "https://a.test"}, "a.test:80", "a.test", Foreign},
		{Origin{Origin: "http://a.test:8080"}, "a.test:8080", "a.test", OwnPage},
		{Origin{Origin: "http://a.test:8080"}, "a.test:8081", "a.test", Foreign},
		{Origin{Origin: "null"}, "a.test", "a.test", Foreign},
		{Origin{Origin: "null", Referer: "http://a.test/"}, "a.test", "a.test", Foreign},
		{Origin{Origin: "http://b.test", Referer: "http://a.test/"}, "a.test", "a.test", Foreign},
		{Origin{Site: "same-origin"}, "a.test", "a.test", OwnPage},
		{Origin{Site: "same-origin", Origin: "http://b.test"}, "a.test", "a.test", Foreign},
		{Origin{Site: "same-site", Origin: "http://a.test"}, "a.test", "a.test", Foreign},
		{Origin{Site: "cross-site", Referer: "http://a.test/"}, "a.test", "a.test", Foreign},
		{Origin{Site: "none"}, "a.test", "a.test", Unknown},
		{Origin{Site: "none", Origin: "http://a.test"}, "a.test", "a.test", Unknown},
		{Origin{Site: "none", Origin: "http://b.test"}, "a.test", "a.test", Foreign},
	} {
		if got := tt.from.Of(tt.host, tt.name); got != tt.want {
			t.Errorf("%+v at %s: %v, want %v", tt.from, tt.host, got, tt.want)
		}
	}
}
