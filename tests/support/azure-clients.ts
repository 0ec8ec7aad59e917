// Azure's own two JavaScript clients, unchanged but for endpoint, key and the certificate to trust.

import { Agent } from 'node:https';
import { createRequire } from 'node:module';
import type { FaceClient as V1FaceClient } from '@azure/cognitiveservices-face';
import { AzureKeyCredential } from '@azure/core-auth';
import createFaceClient, { type FaceClient } from '@azure-rest/ai-vision-face';
import createPreviewClient, { type FaceClient as PreviewClient } from 'azure-face-preview-client';

interface Endpoint {
  readonly url: string;
  readonly key: string;
  /** PEM. */
  readonly ca: string;
}

export type NewerVersion = 'v1.1-preview.1' | 'v1.2';

/** `@azure-rest/ai-vision-face`: refuses plain http. */
export function newerClient({ url, key, ca }: Endpoint, apiVersion: NewerVersion = 'v1.2'): FaceClient {
  return createFaceClient(url, new AzureKeyCredential(key), { apiVersion: apiVersion as 'v1.2', tlsOptions: { ca } });
}

/** Its first preview, which knows the person directory; v1.1-preview.1. */
export function previewClient({ url, key, ca }: Endpoint): PreviewClient {
  return createPreviewClient(url, new AzureKeyCredential(key), { tlsOptions: { ca } });
}

/** `@azure/cognitiveservices-face`: speaks v1.0. Its ES modules don't load in Node, its CommonJS build does. */
export function olderClient({ url, key, ca }: Endpoint): V1FaceClient {
  const require = createRequire(import.meta.url);
  const { FaceClient } = require('@azure/cognitiveservices-face') as typeof import('@azure/cognitiveservices-face');
  const { ApiKeyCredentials } = require('@azure/ms-rest-js') as typeof import('@azure/ms-rest-js');
  const credentials = new ApiKeyCredentials({ inHeader: { 'Ocp-Apim-Subscription-Key': key } });
  return new FaceClient(credentials, url, {
    agentSettings: { http: new Agent(), https: new Agent({ ca }) },
    noRetryPolicy: true,
  });
}
