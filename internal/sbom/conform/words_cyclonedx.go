package conform

// cdxEnums lists the closed vocabularies. A word with +n came with version 1.n.
const cdxEnums = `
bomFormat CycloneDX
tlp CLEAR GREEN AMBER AMBER_AND_STRICT RED
phase design pre-build build post-build operations discovery decommission
componentType application framework library operating-system device file container+2 firmware+2 platform+5 device-driver+5 machine-learning-model+5 data+5 cryptographic-asset+6
scope required optional excluded+1
encoding base64
hashAlg MD5 SHA-1 SHA-256 SHA-384 SHA-512 SHA3-256 SHA3-384 SHA3-512 BLAKE2b-256+2 BLAKE2b-384+2 BLAKE2b-512+2 BLAKE3+2 Streebog-256+7 Streebog-512+7
acknowledgement declared concluded
licenceType academic appliance client-access concurrent-user core-points custom-metric device evaluation named-user node-locked oem perpetual processor-points subscription user other
patchType unofficial monkey backport cherry-pick
issueType defect enhancement security
flow inbound outbound bi-directional unknown
identityField group name version purl cpe swid hash omniborId+6 swhid+6
technique source-code-analysis binary-analysis manifest-analysis ast-fingerprint hash-comparison instrumentation dynamic-analysis filename attestation other
aggregate complete incomplete incomplete_first_party_only incomplete_third_party_only unknown not_specified incomplete_first_party_proprietary_only+5 incomplete_first_party_opensource_only+5 incomplete_third_party_proprietary_only+5 incomplete_third_party_opensource_only+5
severity critical high medium low info none unknown
scoreMethod CVSSv2 CVSSv3 CVSSv31 OWASP other CVSSv4+5 SSVC+5
analysisState resolved resolved_with_pedigree exploitable in_triage false_positive not_affected
analysisJustification code_not_present code_not_reachable requires_configuration requires_dependency requires_environment protected_by_compiler protected_at_runtime protected_at_perimeter protected_by_mitigating_control
analysisResponse can_not_fix will_not_fix update rollback workaround_available
affectedStatus affected unaffected unknown
referenceType vcs issue-tracker website advisories bom mailing-list social chat documentation support distribution license build-meta build-system other release-notes+4 distribution-intake+5 security-contact+5 model-card+5 log+5 configuration+5 evidence+5 formulation+5 attestation+5 threat-model+5 adversary-model+5 risk-assessment+5 vulnerability-assertion+5 exploitability-statement+5 pentest-report+5 static-analysis-report+5 dynamic-analysis-report+5 runtime-analysis-report+5 component-analysis-report+5 maturity-report+5 certification-report+5 codified-infrastructure+5 quality-metrics+5 poam+5 source-distribution+6 electronic-signature+6 digital-signature+6 rfc-9116+6 patent+7 patent-family+7 patent-assertion+7 citation+7
approach supervised unsupervised reinforcement-learning semi-supervised self-supervised
dataType source-code configuration dataset definition other
activity design data-collection data-preparation training fine-tuning validation deployment inference other
energyUnit kWh
co2Unit tCO2eq
energySource coal oil natural-gas nuclear wind solar geothermal hydropower biofuel unknown other
taskType copy clone lint scan merge build test deliver deploy release clean other
accessMode read-only read-write read-write-once write-once write-only
volumeMode filesystem block
triggerType manual api webhook scheduled
outputKind artifact attestation log evidence metrics other
assetType algorithm certificate protocol related-crypto-material
primitive drbg mac block-cipher stream-cipher signature hash pke xof kdf key-agree kem ae combiner other unknown key-wrap+7
cryptoEnvironment software-plain-ram software-encrypted-ram software-tee hardware other unknown
cryptoMode cbc ecb ccm gcm cfb ofb ctr other unknown
padding pkcs5 pkcs7 pkcs1v15 oaep raw other unknown
cryptoFunction generate keygen encrypt decrypt digest tag keyderive sign verify encapsulate decapsulate other unknown
materialType private-key public-key secret-key key ciphertext signature digest initialization-vector nonce seed salt shared-secret tag additional-data password credential token other unknown
keyState pre-activation active suspended deactivated compromised destroyed
protocolType tls ssh ipsec ike sstp wpa other unknown dtls+7 quic+7 eap-aka+7 eap-aka-prime+7 prins+7 5g-aka+7
assertionType ownership license third-party-claim standards-inclusion prior-art exclusive-rights non-assertion research-or-evaluation
patentStatus pending granted revoked expired lapsed withdrawn abandoned suspended reinstated opposed terminated invalidated in-force
`
