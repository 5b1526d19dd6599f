//! The tables of products, and every statement on them.

use msf_service::store::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[Migration::new(1, "products", PRODUCTS_SCHEMA)];

// A description is long: the rows lie outside the indices, so that a page is found without reading those before it.
// Counting rows costs as much as there are, so each category keeps its count; that of all is under the empty name.
const PRODUCTS_SCHEMA: &str = "CREATE TABLE products (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  price INTEGER NOT NULL, -- hundredths
  category TEXT NOT NULL CHECK (category <> ''),
  stock INTEGER NOT NULL,
  image_url TEXT NOT NULL,
  created_at INTEGER NOT NULL, -- microseconds since 1970
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
) STRICT;
CREATE INDEX products_by_category ON products (category, id);
CREATE TABLE product_counts (
  category TEXT NOT NULL PRIMARY KEY,
  products INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER product_added AFTER INSERT ON products BEGIN
  INSERT INTO product_counts VALUES ('', 1), (NEW.category, 1)
  ON CONFLICT (category) DO UPDATE SET products = products + 1;
END;
CREATE TRIGGER product_removed AFTER DELETE ON products BEGIN
  UPDATE product_counts SET products = products - 1 WHERE category IN ('', OLD.category);
  DELETE FROM product_counts WHERE category = OLD.category AND products = 0;
END;
CREATE TRIGGER product_moved AFTER UPDATE OF category ON products WHEN OLD.category <> NEW.category BEGIN
  INSERT INTO product_counts VALUES (NEW.category, 1) ON CONFLICT (category) DO UPDATE SET products = products + 1;
  UPDATE product_counts SET products = products - 1 WHERE category = OLD.category;
  DELETE FROM product_counts WHERE category = OLD.category AND products = 0;
END;";

pub(super) const INSERT: &str = "INSERT INTO products
  (id, name, description, price, category, stock, image_url, created_at, updated_at, version)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

pub(super) const UPDATE: &str = "UPDATE products SET
  name = ?2, description = ?3, price = ?4, category = ?5, stock = ?6, image_url = ?7,
  created_at = ?8, updated_at = ?9, version = ?10
  WHERE id = ?1";

pub(super) const DELETE: &str = "DELETE FROM products WHERE id = ?1";

pub(super) const BY_ID: &str =
    "SELECT id, name, description, price, category, stock, image_url, created_at, updated_at, version
  FROM products WHERE id = ?1";

pub(super) const COUNT: &str = "SELECT products FROM product_counts WHERE category = ?1";

pub(super) const LIST: &str =
    "SELECT id, name, description, price, category, stock, image_url, created_at, updated_at, version
  FROM products WHERE id IN (SELECT id FROM products ORDER BY id LIMIT ?1 OFFSET ?2) ORDER BY id";

pub(super) const LIST_OF_CATEGORY: &str =
    "SELECT id, name, description, price, category, stock, image_url, created_at, updated_at, version
  FROM products WHERE id IN (SELECT id FROM products WHERE category = ?3 ORDER BY id LIMIT ?1 OFFSET ?2) ORDER BY id";
