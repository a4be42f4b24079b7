/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Test vectors that WebAuthn Level 3 publishes in §16; hexadecimal but for client data.
 */

/** One credential: its registration and one sign-in at example.org. */
typedef struct
{
  const char *name; /* the "info" that its random values are derived with */
  const char *create_client_data;
  const char *attestation_object;
  const char *get_client_data;
  const char *authenticator_data;
  const char *signature;
} WebauthnVector;

static const WebauthnVector webauthn_vectors[] = {
  {
      /* §16.2 */
      .name = "none.ES256",
      .create_client_data =
          "{\"type\":\"webauthn.create\",\"challenge\":\"AMMPt4UxxGTStncdq417YDwBFi8vpIa-"
          "pw8oOuVW4TA\",\"origin\":\"https://example.org\",\"crossOrigin\":false,\"extra"
          "Data\":\"clientDataJSON may be extended with additional fields in the future, "
          "such as this: BkQeDjdcTBrXBiAwJTLE5Q\"}",
      .attestation_object =
          "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360"
          "d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b559000000008446ccb9ab1db374750b2367ff"
          "6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4a50102"
          "03262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df6122"
          "5820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220",
      .get_client_data =
          "{\"type\":\"webauthn.get\",\"challenge\":\"OcDnUhQXulTUPo3JUXT0I97pvzzYBP9tZch"
          "Xyav01Ag\",\"origin\":\"https://example.org\",\"crossOrigin\":false}",
      .authenticator_data =
          "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000",
      .signature =
          "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd38022100"
          "8480ac0f0b93538174f575bf11a1dd5d78c6e486013f937295ea13653e331e87",
  },
  {
      /* §16.3 */
      .name = "packed-self.ES256",
      .create_client_data =
          "{\"type\":\"webauthn.create\",\"challenge\":\"eGnCt3LUtY66k3jPjynibPk1qnffDaif"
          "qZwL3Ap29-U\",\"origin\":\"https://example.org\",\"crossOrigin\":false,\"extra"
          "Data\":\"clientDataJSON may be extended with additional fields in the future, "
          "such as this: U9hTXvKE2URkMnb_0xYHVg\"}",
      .attestation_object =
          "a363666d74667061636b65646761747453746d74a263616c672663736967584630440220067a2075"
          "4ab925005dbf378097c92120031581c73228d1fb4f5b881bcd7da98302207fc7b147558c7c0eba3a"
          "f18bd9d121fa3d3a26d17fe3f220272178f473b6006d68617574684461746158a4bfabc37432958b"
          "063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b55d00000000df850e09db6afbdfab51"
          "697791506cfc0020455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58c"
          "a5010203262001215820eb151c8176b225cc651559fecf07af450fd85802046656b34c18f6cf1938"
          "43c5225820927b8aa427a2be1b8834d233a2d34f61f13bfd44119c325d5896e183fee484f2",
      .get_client_data =
          "{\"type\":\"webauthn.get\",\"challenge\":\"RHihCxNSNI3RYME1Ow1Gm12xnrkcJ_ffpv7"
          "Tn-Jq8gs\",\"origin\":\"https://example.org\",\"crossOrigin\":false,\"extraDat"
          "a\":\"clientDataJSON may be extended with additional fields in the future, suc"
          "h as this: gTb53rz6EhSWomXGzimC1Q\"}",
      .authenticator_data =
          "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50900000000",
      .signature =
          "304402203310b9431903c401f1be2bdc8d23a4007682dbbddcf846994947b7f465daf84002204e94"
          "dd00047b316061b3b99772b7efd95994a83ef584b3b6b825ea3550251b66",
  },
  {
      /* §16.4 */
      .name = "none.ES256.crossOrigin",
      .create_client_data =
          "{\"type\":\"webauthn.create\",\"challenge\":\"O-WqzQNTcUJHI0CrWWnyQPHYdxbiC2gH"
          "rCMGVfpLO0k\",\"origin\":\"https://example.org\",\"crossOrigin\":true,\"extraD"
          "ata\":\"clientDataJSON may be extended with additional fields in the future, s"
          "uch as this: zZquEtDR9DWqpW5tBWTFug\"}",
      .attestation_object =
          "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360"
          "d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b54500000000883f4f6014f19c09d87aa38123"
          "be48d000206e1050c0d2ca2f07c755cb2c66a74c64fa43065c18f938354d9915db2bd5ce57a50102"
          "0326200121582022200a473f90b11078851550d03b4e44a2279f8c4eca27b3153dedfe03e4e97d22"
          "5820cbd0be95e746ad6f5a8191be11756e4c0420e72f65b466d39bc56b8b123a9c6e",
      .get_client_data =
          "{\"type\":\"webauthn.get\",\"challenge\":\"h2qlF7qD_e5l_P_bykyE7q5dVPgEGh_IXJk"
          "eW7snMTc\",\"origin\":\"https://example.org\",\"crossOrigin\":true,\"extraData"
          "\":\"clientDataJSON may be extended with additional fields in the future, such"
          " as this: 92pcTVD0Aby-q4dtmj6efg\"}",
      .authenticator_data =
          "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50500000000",
      .signature =
          "3046022100eb12fcf23b12764c0f122e22371fab92e283879fd798f38ee1841c951b6e40e7022100"
          "c76237ff9db77b3c56f30837cda6a09acfa2e915544e609c0733b1184036d1cf",
  },
};
