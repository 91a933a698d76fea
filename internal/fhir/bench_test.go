package fhir

import "testing"

func BenchmarkReadAudits(b *testing.B) {
	body := audits(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadAudits("b", body); err != nil {
			b.Fatal(err)
		}
	}
}
