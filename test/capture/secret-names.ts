/** Names that keep secrets, spelt as programs spell them. */
export const secretNames =
  `password PASSWORD dbPassword DB_PASS userPwd client_secret apiKey API_KEY x-api-key
  AWS_SECRET_ACCESS_KEY accessToken NPM_TOKEN authToken Authorization cookie set-cookie sessionId privateKey jwt
  passphrase credentials STRIPE_SECRET_KEY connectionString cvv pin PGPASSWORD pgpassword dbpass accesstoken clientsecret bindpw userpassword
  authtoken sessionid PHPSESSID jwttoken smtppass password2 passwordb MYSQL_ROOTPW`.split(/\s+/);
