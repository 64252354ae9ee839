# s3_download.py ENDPOINT BUCKET PREFIX FOLDER: copy the objects of a bucket into a folder, by boto3; with BUCKET alone, create it.
import os
import sys

import boto3

client = boto3.client("s3", endpoint_url=sys.argv[1])
if len(sys.argv) == 3:
    client.create_bucket(Bucket=sys.argv[2])
    sys.exit()
bucket, prefix, folder = sys.argv[2:]
for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
    for item in page.get("Contents", []):
        path = os.path.join(folder, item["Key"][len(prefix) :])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        client.download_file(bucket, item["Key"], path)
