package fleetfile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device/fleetfile"
	"triward/internal/fhir"
	"triward/internal/product"
)

func TestFromFHIR(t *testing.T) {
	res, err := fhir.Read("bundle.json", []byte(`{"resourceType":"Bundle","type":"collection","entry":[
		{"resource":{"resourceType":"Device","id":"a","identifier":[{"system":"urn:hospital:asset","value":"BM-1"},{"value":"X9"}],
			"udiCarrier":[{"deviceIdentifier":"00844588018923","carrierHRF":"(01)00844588018923(21)S1"}],"status":"active","manufacturer":"Nordlicht",
			"manufactureDate":"2020-03-01T00:00:00Z","serialNumber":"S1","deviceName":[{"name":"Pulsar 3","type":"model-name"}],"modelNumber":"PX-300",
			"version":[{"value":"2.1"},{"type":{"text":"firmware"},"value":"f7"}],"location":{"display":"ICU 1"},"owner":{"display":"North"}}},
		{"resource":{"resourceType":"Device","status":"entered-in-error","serialNumber":"S2"}},
		{"resource":{"resourceType":"Device","udiCarrier":[{"carrierHRF":"(01)00844588018924(21)S3"}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	rows, faults := fleetfile.FromFHIR(res)
	want := []fleetfile.Row{{Line: 1, AssetTag: "BM-1", Vendor: "Nordlicht", Model: "Pulsar 3", Version: "2.1", Serial: "S1", UDI: "(01)00844588018923(21)S1",
		DI: "00844588018923", Manufactured: time.Date(2020, 3, 1, 0, 0, 0, 0, time.UTC), Site: "North", Location: "ICU 1", InUse: product.Yes,
		PatientData: product.NotKnown, Class: product.ClassNotKnown,
		Facts: []fleetfile.Fact{{Name: "modelNumber", Value: "PX-300"}, {Name: "deviceName", Value: "Pulsar 3"}, {Name: "identifier", Value: "X9"}, {Name: "version firmware", Value: "f7"}}}}
	if d := cmp.Diff(want, rows); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	if len(faults) < 2 || faults[0].Path != "/entry/1/resource" || faults[1].Path != "/entry/2/resource, column udiCarrier" {
		t.Errorf("faults = %+v", faults)
	}
}
